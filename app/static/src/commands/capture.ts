// <key-capture>: in Settings, Keyboard: keys are pressed instead of written, and who has them already is said at once.
import { t } from "../page/words";
import { stepOf } from "./keys";

const MOST_STEPS = 3;
const PAUSE_MS = 1200; // after which no further key is waited for
const MODIFIERS = ["Shift", "Alt", "Control", "Meta", "AltGraph", "CapsLock"];

class KeyCapture extends HTMLElement {
  private field: HTMLInputElement | null = null; // whose keys are being pressed
  private had = "";
  private steps: string[] = [];
  private timer = 0;

  connectedCallback(): void {
    for (const button of this.querySelectorAll<HTMLElement>("[data-capture]")) button.hidden = false;
    this.addEventListener("click", this.onClick);
    this.addEventListener("input", (event) => (event.target as Element).matches(".key-input") && this.judge());
    window.addEventListener("keydown", this.onKey, true); // before any command hears it
    this.addEventListener("focusout", () => this.field && this.end());
  }

  disconnectedCallback(): void {
    window.removeEventListener("keydown", this.onKey, true);
  }

  private readonly onClick = (event: MouseEvent): void => {
    const button = (event.target as Element).closest<HTMLElement>("[data-capture]");
    const field = button?.closest(".key-row")?.querySelector<HTMLInputElement>(".key-input");
    if (!button || !field) return;
    button.focus(); // Safari does not focus what is clicked
    this.field = field;
    this.had = field.value;
    this.steps = [];
    field.value = "";
    field.placeholder = t("Press the keys…");
    field.classList.add("is-capturing");
    this.say(t("Press the keys you want. Escape cancels."));
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    if (!this.field || event.isComposing || MODIFIERS.includes(event.key)) return;
    if (event.key === "Tab" && !event.ctrlKey && !event.altKey) return; // focus leaves, and that ends it
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.key === "Escape") return this.cancel();
    const isHeld = event.ctrlKey || event.metaKey || event.altKey;
    if (event.key === "Enter" && !isHeld) return this.end();
    this.steps.push(spoken(stepOf(event)));
    this.field.value = this.steps.join(" ");
    window.clearTimeout(this.timer);
    if (isHeld || this.steps.length === MOST_STEPS) this.end();
    else this.timer = window.setTimeout(() => this.end(), PAUSE_MS);
  };

  private cancel(): void {
    if (this.field) this.field.value = this.had;
    this.steps = [];
    this.end(t("Nothing was changed."));
  }

  /** Keep what was pressed; nothing pressed changes nothing. */
  private end(words = ""): void {
    const field = this.field;
    if (!field) return;
    window.clearTimeout(this.timer);
    this.field = null;
    if (!field.value) field.value = this.had;
    field.placeholder = "";
    field.classList.remove("is-capturing");
    this.judge();
    const problem = field.closest(".key-row")?.querySelector(".key-problem")?.textContent ?? "";
    this.say(words || problem || t("{keys}. Save to use it.", { keys: field.value }));
  }

  private say(words: string): void {
    const line = this.querySelector<HTMLElement>("[data-capture-said]");
    if (line) line.textContent = words;
  }

  /** Say in every row who else has its keys; the server looks at all of it again. */
  private judge(): void {
    const rows = [...this.querySelectorAll<HTMLElement>(".key-row")];
    for (const row of rows) {
      const field = row.querySelector<HTMLInputElement>(".key-input");
      if (field) mark(row, field, this.problemOf(row, rows));
    }
  }

  private problemOf(row: HTMLElement, rows: HTMLElement[]): string {
    const keys = keysOf(row);
    if (!keys) return "";
    if ((this.dataset["kept"] ?? "").split(" ").includes(keys)) return t("Your browser keeps {keys} for itself.", { keys });
    const other = rows.find((one) => one !== row && clash(keysOf(one), keys));
    const command = other?.querySelector(".key-title")?.textContent ?? "";
    return other ? t("“{command}” has {keys}.", { command, keys: keysOf(other) }) : "";
  }
}

function keysOf(row: HTMLElement): string {
  const field = row.querySelector<HTMLInputElement>(".key-input");
  return (field ? field.value : (row.querySelector<HTMLElement>("output")?.dataset["keys"] ?? "")).trim();
}

/** One begins as the other does. */
function clash(one: string, other: string): boolean {
  return one !== "" && (`${one} `.startsWith(`${other} `) || `${other} `.startsWith(`${one} `));
}

/** Write a step as people do: "Ctrl+K". */
function spoken(step: string): string {
  const words = step.replace("Mod+", "Ctrl+").replace(/\+ $/, "+Space");
  return /\+.$/.test(words) ? words.slice(0, -1) + words.slice(-1).toUpperCase() : words;
}

function mark(row: HTMLElement, field: HTMLInputElement, problem: string): void {
  let line = row.querySelector<HTMLElement>(".key-problem");
  if (!line && problem) {
    line = document.createElement("p");
    line.className = "key-problem text-sm text-error";
    line.id = field.id.replace("key-", "problem-");
    row.append(line);
  }
  if (line && line.textContent !== problem) line.textContent = problem;
  if (line) line.hidden = !problem;
  field.classList.toggle("input-error", problem !== "");
  for (const [name, value] of [["aria-invalid", "true"], ["aria-describedby", line?.id ?? ""]] as const) {
    if (problem) field.setAttribute(name, value);
    else field.removeAttribute(name);
  }
}

customElements.define("key-capture", KeyCapture);
