// The commands that the server told this page of, and the controls that they stand for.
export interface Command {
  id: string;
  title: string;
  keys?: string;
  where: string;
  path?: string;
  press?: string;
  focus?: string;
  choices?: string;
}

const NEEDED: Record<string, string> = { inbox: ".workspace", conversation: "conversation-view" };

export function told(): Map<string, Command> {
  const all = document.getElementById("keys")?.dataset["commands"];
  return new Map((all ? (JSON.parse(all) as Command[]) : []).map((command) => [command.id, command]));
}

/** Tell whether a command applies to what is on the page. */
export function applies(command: Command): boolean {
  const needed = NEEDED[command.where];
  return !needed || document.querySelector(needed) !== null;
}

/** Tell whether a command can be carried out now: its control is there. */
export function isUsable(command: Command): boolean {
  const control = command.press ?? command.focus;
  return applies(command) && (!control || document.querySelector(control) !== null);
}

export function choicesOf(command: Command): HTMLElement[] {
  return command.choices ? [...document.querySelectorAll<HTMLElement>(command.choices)] : [];
}

/** Return what a choice is called, and whether it holds already. */
export function nowSays(control: HTMLElement): { words: string; isNow: boolean } {
  if (!(control instanceof HTMLOptionElement)) return { words: control.textContent?.trim() ?? "", isNow: false };
  const words = (control.label || control.value).trim();
  return { words, isNow: control.defaultSelected && control.closest("select") !== null };
}

/** Choose: an option of a field, a value that a field proposes, or a button. */
export function take(control: HTMLElement): void {
  if (!(control instanceof HTMLOptionElement)) return control.click();
  const list = control.closest("datalist");
  const field = list ? document.querySelector<HTMLInputElement>(`input[list="${list.id}"]`) : control.closest("select");
  if (!field) return;
  field.value = control.value;
  if (list) field.form?.requestSubmit();
  else field.dispatchEvent(new Event("change", { bubbles: true }));
}
