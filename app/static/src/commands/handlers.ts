// What the commands do that are more than one control of the page, by their ids in app/commands/registry.py.
import { offerCanned } from "../composer/slash";
import { focusComposer } from "../inbox/composer";
import { pressOfMessage } from "../inbox/corrections";
import { undoSend } from "../inbox/leaving";
import { openMacros } from "../inbox/macro_menu";
import { openBar } from "./bar";

export const HANDLERS: Record<string, () => boolean> = {
  commands: openBar,
  help: openSheet,
  next: () => step(1, "#rows .row"),
  previous: () => step(-1, "#rows .row"),
  "next-unread": () => step(1, "#rows .row-unread, #rows .row[aria-current]"),
  reply: () => focusComposer("reply"),
  note: () => focusComposer("note"),
  "undo-send": undoSend,
  "insert-canned": offerCanned,
  macro: openMacros,
  correct: () => pressOfMessage("c"),
  "is-right": () => pressOfMessage("y"),
  translate: () => pressOfMessage("L"),
};

function step(by: number, selector: string): boolean {
  const rows = [...document.querySelectorAll<HTMLAnchorElement>(selector)];
  if (!rows.length) return false;
  const current = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const next = rows[Math.max(0, Math.min(rows.length - 1, current < 0 ? 0 : current + by))];
  if (!next || rows.indexOf(next) === current) return true;
  next.scrollIntoView({ block: "nearest" });
  next.click();
  return true;
}

function openSheet(): boolean {
  const sheet = document.querySelector<HTMLDialogElement>("#keys");
  if (sheet && !sheet.open) sheet.showModal();
  return sheet !== null;
}
