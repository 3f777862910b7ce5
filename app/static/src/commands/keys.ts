// The keyboard: keys become the commands that the page was told of. Nothing fires while somebody types in a field,
// but for what is held down with Alt.
import { HANDLERS } from "./handlers";

interface Command {
  id: string;
  keys: string;
  where: string;
  path?: string;
  press?: string;
  focus?: string;
}

const NEEDED: Record<string, string> = { inbox: ".workspace", conversation: "conversation-view" };
const SEQUENCE_MS = 1500; // between two keys that belong together

let typed: string[] = [];
let last = 0;

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
  if (event.getModifierState("AltGraph") || document.querySelector("dialog[open]")) return;
  if (["Shift", "Alt"].includes(event.key) || (!event.altKey && isWriting(event.target))) return;
  if (event.timeStamp - last > SEQUENCE_MS) typed = [];
  last = event.timeStamp;
  typed = [...typed, stepOf(event)];
  const usable = commands().filter((command) => !NEEDED[command.where] || document.querySelector(NEEDED[command.where] ?? ""));
  if (!goesOn(usable)) typed = typed.slice(-1);
  const keys = typed.join(" ");
  const found = usable.find((command) => command.keys === keys);
  if (found) typed = [];
  else if (!goesOn(usable)) typed = [];
  if (found && run(found)) event.preventDefault();
});

function goesOn(usable: Command[]): boolean {
  const keys = typed.join(" ");
  return usable.some((command) => command.keys === keys || command.keys.startsWith(`${keys} `));
}

function commands(): Command[] {
  const told = document.getElementById("keys")?.dataset["commands"];
  return told ? (JSON.parse(told) as Command[]) : [];
}

function stepOf(event: KeyboardEvent): string {
  if (!event.altKey) return event.key;
  return `Alt+${/^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key}`; // a Mac types ß for Alt S
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
