// Short sentences in the corner, gone by themselves; read aloud by screen readers.
const SHOWN_MS = 7000;

export function say(sentence: string, kind: "error" | "success" | "info" = "info"): void {
  const line = document.createElement("div");
  line.className = `flash flash-${kind}`;
  line.textContent = sentence;
  const shelf = shelfOf();
  shelf.append(line);
  while (shelf.children.length > 3) shelf.firstElementChild?.remove();
  setTimeout(() => line.remove(), SHOWN_MS);
}

function shelfOf(): HTMLElement {
  const existing = document.querySelector<HTMLElement>(".toast-shelf");
  if (existing) return existing;
  const shelf = document.createElement("div");
  shelf.className = "toast-shelf";
  shelf.setAttribute("role", "status");
  shelf.setAttribute("aria-live", "polite");
  document.body.append(shelf);
  return shelf;
}
