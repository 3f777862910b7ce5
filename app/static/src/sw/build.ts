// What the server puts in front of this script: which build of the product it belongs to, and the files of that build.

interface Build {
  id: string;
  assets: string[]; // addresses with their versions
  page: string; // what is shown where nothing was kept
}

declare const TRIBUTARY: Build; // app/web/pwa.py writes it

export const build: Build = TRIBUTARY;
export const worker = self as unknown as ServiceWorkerGlobalScope;
