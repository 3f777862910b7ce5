// Short sentences in the corner, gone by themselves; read aloud by screen readers.
import { t } from "./words";

const SHOWN_MS = 7000;
const LONG_MS = 60_000; // where there is something to do

/** Say something; `again` puts a button beside it that tries once more what did not work. */
export function say(sentence: string, kind: "error" | "success" | "info" = "info", again?: () => void): void {
  const line = document.createElement("div");
  line.className = `flash flash-${kind}`;
  line.textContent = sentence;
  if (again) line.append(buttonFor(line, again));
  const shelf = shelfOf();
  shelf.append(line);
  while (shelf.children.length > 3) shelf.firstElementChild?.remove();
  setTimeout(() => line.remove(), again ? LONG_MS : SHOWN_MS);
}

function buttonFor(line: HTMLElement, again: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool tool-line";
  button.textContent = t("Try again");
  button.addEventListener("click", () => {
    line.remove();
    again();
  });
  return button;
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
