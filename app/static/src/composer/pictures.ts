// Pictures that stand among the words of a reply. The words name them (`![name](cid:…)`); their bytes lie here and, once
// stored, with the draft on the server (inbox/draft_files.ts). They outlive the composer, so that a reply that comes back
// finds them.
const REFERENCE = /!\[((?:[^[\]\\]|\\.){0,300})\]\(cid:([a-z0-9]{8,64}@inline)\)/g;
const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

interface Held {
  file: File;
  url: string;
}

const held = new Map<string, Held>();
const stored = new Map<string, string>(); // where the server shows those that this page never had

export function isPicture(file: File): boolean {
  return TYPES.includes(file.type);
}

/** Keep a picture and return its id: the words call it `cid:` and that. */
export function hold(file: File): string {
  const id = `${crypto.randomUUID().replaceAll("-", "")}@inline`;
  held.set(id, { file, url: URL.createObjectURL(file) });
  return id;
}

/** The server has this picture, and shows it there. */
export function shownAt(id: string, address: string): void {
  stored.set(id, address);
}

/** Where this page shows a picture, "" where it is not here. */
export function addressOf(source: string): string {
  const id = source.replace("cid:", "");
  return held.get(id)?.url ?? stored.get(id) ?? "";
}

export function pictureOf(id: string): File | undefined {
  return held.get(id)?.file;
}

/** The name of a picture that words name and nobody has any more, "" where all are here or kept by the server. */
export function missing(text: string, form: HTMLFormElement, has: (id: string) => boolean): string {
  const kept = new Set([...form.querySelectorAll<HTMLInputElement>('input[name="kept"]:checked')].map((one) => one.dataset["cid"]));
  const lost = [...text.matchAll(REFERENCE)].find((found) => !has(found[2] ?? "") && !kept.has(found[2]));
  return lost ? lost[1] || "picture" : "";
}

/** The ids of the pictures that words name, each once. */
export function idsIn(text: string): string[] {
  return [...new Set([...text.matchAll(REFERENCE)].map((found) => found[2] ?? ""))];
}
