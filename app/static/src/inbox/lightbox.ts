// The pictures and PDF files of a conversation, one at a time and large: arrows lead on, Escape leads back to where it
// was opened. Without scripts, and for PDF files where the browser cannot draw them, the same link opens the file alone.
const FILES = "conversation-view a.file-shown, .message a.file-shown";

let box: HTMLDialogElement | null = null;
let opened: HTMLAnchorElement | null = null;

document.addEventListener("click", (event) => {
  const link = (event.target as Element | null)?.closest<HTMLAnchorElement>(FILES);
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (isPaper(link) && !navigator.pdfViewerEnabled) return;
  event.preventDefault();
  box ??= build();
  show(link);
  box.showModal();
});

function links(): HTMLAnchorElement[] {
  const all = [...document.querySelectorAll<HTMLAnchorElement>(FILES)];
  return navigator.pdfViewerEnabled ? all : all.filter((link) => !isPaper(link));
}

function isPaper(link: HTMLAnchorElement): boolean {
  return link.search === "?show=pdf";
}

function nameOf(link: HTMLAnchorElement): string {
  return link.querySelector(".file-name")?.textContent?.trim() ?? "";
}

function show(link: HTMLAnchorElement): void {
  if (!box) return;
  const all = links();
  const at = all.findIndex((one) => one.href === link.href);
  opened = link;
  box.querySelector(".lightbox-stage")?.replaceChildren(isPaper(link) ? paper(link) : picture(link));
  part<HTMLElement>(".lightbox-name").textContent = nameOf(link);
  part<HTMLElement>(".lightbox-count").textContent = all.length > 1 ? `${at + 1} of ${all.length}` : "";
  part<HTMLAnchorElement>(".lightbox-save").href = link.href.split("?")[0] ?? link.href;
  part<HTMLButtonElement>(".lightbox-previous").disabled = at <= 0;
  part<HTMLButtonElement>(".lightbox-next").disabled = at < 0 || at >= all.length - 1;
}

// A new element each time: the last picture never stands under another name.
function picture(link: HTMLAnchorElement): HTMLElement {
  const image = document.createElement("img");
  image.className = "lightbox-picture";
  image.src = link.href;
  image.alt = nameOf(link) || "Picture";
  return image;
}

function paper(link: HTMLAnchorElement): HTMLElement {
  const frame = document.createElement("iframe");
  frame.className = "lightbox-paper";
  frame.src = link.href;
  frame.title = nameOf(link) || "PDF";
  return frame;
}

function step(by: number): void {
  const all = links();
  const next = all[all.findIndex((one) => one.href === opened?.href) + by];
  if (opened && next) show(next);
}

function part<Kind extends HTMLElement>(name: string): Kind {
  const found = box?.querySelector<Kind>(name);
  if (!found) throw new Error(`The lightbox has no ${name}.`);
  return found;
}

function build(): HTMLDialogElement {
  const template = document.querySelector<HTMLTemplateElement>("template#lightbox");
  const dialog = template?.content.querySelector("dialog")?.cloneNode(true) as HTMLDialogElement;
  document.body.append(dialog);
  dialog.querySelector(".lightbox-close")?.addEventListener("click", () => dialog.close());
  dialog.querySelector(".lightbox-previous")?.addEventListener("click", () => step(-1));
  dialog.querySelector(".lightbox-next")?.addEventListener("click", () => step(1));
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", onKey);
  dialog.addEventListener("close", goBack);
  return dialog;
}

function onKey(event: KeyboardEvent): void {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (by) step(getComputedStyle(document.documentElement).direction === "rtl" ? -by : by);
}

/** Focus the picture that was seen last: the page may have been drawn anew meanwhile. */
function goBack(): void {
  links()
    .find((one) => one.href === opened?.href)
    ?.focus();
  part(".lightbox-stage").replaceChildren();
  opened = null;
}
