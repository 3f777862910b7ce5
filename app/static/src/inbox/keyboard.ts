// Keys for people who live here. Every key does what a visible control does.
import { focusComposer } from "./composer";
import { undoSend } from "./leaving";
import { focusSearch } from "./search";
import { pressOfMessage } from "./corrections";

type Action = () => boolean;

const ACTIONS: Record<string, Action> = {
  j: () => step(1),
  k: () => step(-1),
  r: () => focusComposer("reply"),
  n: () => focusComposer("note"),
  e: () => press('[data-key="e"]'),
  a: () => press('[data-key="a"]'),
  c: () => pressOfMessage("c"),
  y: () => pressOfMessage("y"),
  z: undoSend,
  u: () => press(".conversation-head .back"),
  "/": focusSearch,
  f: openFilter,
  "?": openSheet,
};

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  const action = ACTIONS[event.key];
  if (action && document.querySelector(".workspace") && action()) event.preventDefault();
});

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function step(by: number): boolean {
  const rows = [...document.querySelectorAll<HTMLAnchorElement>("#rows .row")];
  if (!rows.length) return false;
  const current = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const next = rows[Math.max(0, Math.min(rows.length - 1, current < 0 ? 0 : current + by))];
  if (!next || rows.indexOf(next) === current) return true;
  next.scrollIntoView({ block: "nearest" });
  next.click();
  return true;
}

function press(selector: string): boolean {
  const control = document.querySelector<HTMLElement>(selector);
  control?.click();
  return control !== null;
}

function openFilter(): boolean {
  const menu = document.querySelector<HTMLDetailsElement>(".filter-menu");
  if (!menu) return false;
  menu.open = true;
  menu.querySelector<HTMLElement>("select")?.focus();
  return true;
}

function openSheet(): boolean {
  const sheet = document.querySelector<HTMLDialogElement>("#keys");
  if (sheet && !sheet.open) sheet.showModal();
  return sheet !== null;
}
