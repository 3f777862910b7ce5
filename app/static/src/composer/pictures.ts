// Pictures that stand among the words of a reply. The words name them (`![name](cid:…)`), their bytes lie here until
// they are sent with it; they outlive the composer, so that a reply that comes back finds them.
const REFERENCE = /!\[((?:[^[\]\\]|\\.){0,300})\]\(cid:([a-z0-9]{8,64}@inline)\)/g;
const TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

interface Held {
  file: File;
  url: string;
}

const held = new Map<string, Held>();

export function isPicture(file: File): boolean {
  return TYPES.includes(file.type);
}

/** Keep a picture and return what the words call it. */
export function hold(file: File): string {
  const id = `${crypto.randomUUID().replaceAll("-", "")}@inline`;
  held.set(id, { file, url: URL.createObjectURL(file) });
  return `cid:${id}`;
}

/** Where this page shows a picture, "" where it is not here. */
export function addressOf(source: string): string {
  return held.get(source.replace("cid:", ""))?.url ?? "";
}

/** The pictures that words name. */
export function picturesIn(text: string): File[] {
  return ids(text).flatMap((id) => held.get(id)?.file ?? []);
}

/** The name of a picture that words name and nobody has any more, "" where all are here or kept by the server. */
export function missing(text: string, form: HTMLFormElement): string {
  const kept = new Set([...form.querySelectorAll<HTMLInputElement>('input[name="kept"]:checked')].map((one) => one.dataset["cid"]));
  const lost = [...text.matchAll(REFERENCE)].find((found) => !held.has(found[2] ?? "") && !kept.has(found[2]));
  return lost ? lost[1] || "picture" : "";
}

/** Put the pictures that the words name into the form, each with its id. */
export function sendAlong(form: HTMLFormElement, text: string): void {
  form.querySelectorAll(".composer-picture").forEach((one) => one.remove());
  const here = ids(text).filter((id) => held.has(id));
  if (!here.length) return;
  const transfer = new DataTransfer();
  for (const id of here) transfer.items.add((held.get(id) as Held).file);
  const files = hidden("picture");
  files.type = "file";
  files.multiple = true;
  files.files = transfer.files;
  const names = here.map((id) => Object.assign(hidden("picture_id"), { value: id }));
  form.append(files, ...names);
}

function hidden(name: string): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "hidden";
  input.hidden = true;
  input.name = name;
  input.className = "composer-picture";
  return input;
}

function ids(text: string): string[] {
  return [...new Set([...text.matchAll(REFERENCE)].map((found) => found[2] ?? ""))];
}
