// The keyboard: keys become the commands that the page was told of. Nothing fires while somebody types in a field,
// but for what is held down with Ctrl, Command or Alt.
import { HANDLERS } from "./handlers";
import { type Command, applies, told } from "./told";

const SEQUENCE_MS = 1500; // between two keys that belong together

let typed: string[] = [];
let last = 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.getModifierState("AltGraph") || document.querySelector("dialog[open]")) return;
  if (["Shift", "Alt", "Control", "Meta"].includes(event.key) || (!isHeld(event) && isWriting(event.target))) return;
  if (event.timeStamp - last > SEQUENCE_MS) typed = [];
  last = event.timeStamp;
  typed = [...typed, stepOf(event)];
  const usable = [...told().values()].filter(applies);
  if (!goesOn(usable)) typed = typed.slice(-1);
  const keys = typed.join(" ");
  const found = usable.find((command) => command.keys === keys);
  if (found) typed = [];
  else if (!goesOn(usable)) typed = [];
  if (found && run(found)) event.preventDefault();
});

function goesOn(usable: Command[]): boolean {
  const keys = typed.join(" ");
  return usable.some((command) => command.keys === keys || command.keys?.startsWith(`${keys} `));
}

function isHeld(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/** Write a key as the registry does; keys held together with two others are nobody's. */
export function stepOf(event: KeyboardEvent): string {
  if (!isHeld(event)) return event.key === " " ? "Space" : event.key;
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1];
  const isOther = letter && (event.altKey || !/^[a-z]$/i.test(event.key)); // a Mac types ß for Alt S; Cyrillic letters
  const key = isOther ? letter.toLowerCase() : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const held = [event.ctrlKey || event.metaKey ? "Mod+" : "", event.altKey ? "Alt+" : ""].join("");
  return `${held}${event.shiftKey && letter ? "Shift+" : ""}${key}`;
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function run(command: Command): boolean {
  const control = document.querySelector<HTMLElement>(command.press || command.focus || ":not(*)");
  if (command.path) location.assign(command.path);
  else if (command.focus) return focus(control);
  else if (command.press) control?.click();
  else return HANDLERS[command.id]?.() ?? false;
  return Boolean(command.path) || control !== null;
}

/** Open what a control stands in (a menu, a fold, on a phone the details) and put the cursor into it. */
function focus(control: HTMLElement | null): boolean {
  if (!control) return false;
  for (let fold = control.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  if (!control.offsetParent && control.closest("#details")) document.querySelector<HTMLElement>(".to-details")?.click();
  control.focus();
  return true;
}

document.addEventListener("tributary:command", (event) => run((event as CustomEvent<Command>).detail));
