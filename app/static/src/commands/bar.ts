// The command bar: a field and a list under it. Commands come from the server with each opening, as do contacts and
// conversations while one types; what a command changes is offered from the page's own fields (`choices`).
import { type Command, choicesOf, isUsable, nowSays, take, told } from "./told";
import { putCanned } from "../composer/slash";
import { openNow, remembered } from "./recent";
import { t } from "../page/words";

const WAIT_MS = 180; // after a key, before the server is asked

const isNarrow = matchMedia("(max-width: 47.99rem)"); // there, the section Search opens the bar

let chosen: Command | null = null; // whose choices are shown
let options: HTMLElement[] = []; // what choices stand for, by their place
let waiting = 0;
let asked: AbortController | null = null;

const bar = () => document.querySelector<HTMLDialogElement>("dialog#commands");
const field = () => document.querySelector<HTMLInputElement>("#bar-text");
const part = (name: string) => document.querySelector<HTMLElement>(`#commands [data-bar-${name}]`);
const shown = () => [...document.querySelectorAll<HTMLElement>("#bar-list .bar-item")].filter((item) => !item.hidden);

export function openBar(): boolean {
  const dialog = bar();
  if (!dialog || dialog.open) return dialog !== null;
  dialog.showModal();
  void begin();
  return true;
}

async function begin(): Promise<void> {
  chosen = null;
  write(t("What do you want to do, open or find?"), t("Do, open or find …"));
  part("found")?.replaceChildren();
  const others = remembered().filter((id) => id !== openNow());
  const recent = others.map((id) => `recent=${id}`).join("&");
  const list = await fetched(`/commands?open=${openNow()}&${recent}`);
  if (chosen) return;
  const commands = part("commands");
  if (commands && list !== null) commands.innerHTML = list;
  else if (commands) say(t("The server cannot be reached."));
  narrow();
}

function write(label: string, placeholder: string): void {
  const text = field();
  if (!text) return;
  text.value = "";
  text.placeholder = placeholder;
  text.setAttribute("aria-label", label);
  text.focus();
}

async function fetched(address: string, signal: AbortSignal | null = null): Promise<string | null> {
  const options = { headers: { "HX-Request": "true" }, credentials: "same-origin", signal } as const;
  const response = await fetch(address, options).catch(() => null);
  return response?.ok ? await response.text().catch(() => null) : null;
}

/** Leave what holds every word, and what can be done on this page. */
function narrow(): void {
  const words = (field()?.value ?? "").toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const commands = told();
  for (const item of part("commands")?.querySelectorAll<HTMLElement>(".bar-item") ?? []) {
    const command = commands.get(item.dataset["run"] ?? "");
    const can = item.dataset["run"] === undefined || (command !== undefined && isUsable(command));
    item.hidden = !can || !words.every((word) => item.dataset["words"]?.includes(word));
  }
  regroup();
}

function regroup(): void {
  for (const group of document.querySelectorAll<HTMLElement>("#bar-list .bar-group")) {
    group.hidden = !group.querySelector(".bar-item:not([hidden])");
  }
  const items = shown();
  mark(items.find((item) => item.getAttribute("aria-selected") === "true") ?? items[0]);
  say(items.length ? "" : t("Nothing is called that."));
}

function say(words: string): void {
  const said = part("said");
  if (said) said.textContent = words;
}

function mark(item: HTMLElement | undefined): void {
  for (const other of document.querySelectorAll("#bar-list [aria-selected=true]")) other.setAttribute("aria-selected", "false");
  field()?.setAttribute("aria-activedescendant", item?.id ?? "");
  item?.setAttribute("aria-selected", "true");
  item?.scrollIntoView({ block: "nearest" });
}

function move(by: number): void {
  const items = shown();
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  mark(items[(at + by + items.length) % items.length]);
}

function find(): void {
  clearTimeout(waiting);
  const typed = field()?.value.trim() ?? "";
  if (chosen || typed.length < 2) {
    asked?.abort();
    part("found")?.replaceChildren();
    return;
  }
  waiting = window.setTimeout(async () => {
    asked?.abort(); // the last search, never the list of commands
    asked = new AbortController();
    const { signal } = asked;
    const list = await fetched(`/commands/found?q=${encodeURIComponent(typed)}`, signal);
    const found = part("found");
    if (!found || list === null || chosen || field()?.value.trim() !== typed) return;
    found.innerHTML = list;
    regroup();
  }, WAIT_MS);
}

function press(item: HTMLElement): void {
  const { run, href, choice, canned } = item.dataset;
  const command = told().get(run ?? "");
  if (href) return location.assign(href);
  if (command && choicesOf(command).length) return offer(command);
  const control = options[Number(choice)];
  bar()?.close(); // gives the focus back
  if (command) document.dispatchEvent(new CustomEvent("tributary:command", { detail: command }));
  else if (canned) putCanned(canned);
  else if (control) take(control);
}

/** Show what a command can be given, instead of the commands. */
function offer(command: Command): void {
  chosen = command;
  options = choicesOf(command);
  write(t("{command}: choose", { command: command.title }), `${command.title} …`);
  part("found")?.replaceChildren();
  part("commands")?.replaceChildren(groupOf(command, options));
  regroup();
}

function groupOf(command: Command, controls: HTMLElement[]): HTMLElement {
  const group = document.createElement("div");
  group.className = "bar-group";
  group.role = "group";
  group.ariaLabel = command.title;
  group.append(...controls.map((control, at) => itemOf(control, at)));
  return group;
}

function itemOf(control: HTMLElement, at: number): HTMLElement {
  const item = document.createElement("div");
  const { words, isNow } = nowSays(control);
  item.className = "bar-item";
  item.id = `choice-${at}`;
  item.role = "option";
  item.ariaSelected = "false";
  Object.assign(item.dataset, { choice: String(at), words: words.toLocaleLowerCase() });
  const title = document.createElement("bdi");
  title.className = "bar-title";
  title.textContent = words;
  item.append(title, isNow ? t("now") : "");
  return item;
}

function onKey(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by && shown().length) move(by);
  else if (event.key === "Enter" && !event.isComposing) shown().find((item) => item.ariaSelected === "true")?.click();
  else if (event.key === "Backspace" && chosen && !field()?.value) void begin();
  else return;
  event.preventDefault();
}

document.addEventListener("click", (event) => {
  const target = event.target as Element;
  const item = target.closest<HTMLElement>("#bar-list .bar-item");
  if (item) return press(item);
  if (target === bar() || target.closest("[data-bar-close]")) bar()?.close();
  const opens = isNarrow.matches ? "[data-open-commands], [data-phone-commands]" : "[data-open-commands]";
  if (event.ctrlKey || event.metaKey || !target.closest(opens)) return;
  event.preventDefault();
  openBar();
});

document.addEventListener("keydown", (event) => {
  if (bar()?.open && event.target === field()) onKey(event);
});

document.addEventListener("input", (event) => {
  if (event.target !== field()) return;
  narrow();
  find();
});
