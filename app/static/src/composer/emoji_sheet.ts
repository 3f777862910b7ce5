// The sheet of all emoji: a search field over a grid; arrows move, Enter takes one, Escape goes back to the words.
import { t } from "../page/words";
import { find, list, type Entry, type List } from "./emoji_list";

const RECENT = "emoji-used";
const MOST_RECENT = 16;
const MOST_FOUND = 120;

class Sheet {
  private readonly sheet = make("div", "emoji-sheet");
  private readonly text = make("input", "input input-sm emoji-text");
  private readonly grid = make("div", "emoji-grid");
  private at = 0;

  constructor(
    private readonly all: List,
    private readonly taken: (sign: string) => void,
  ) {
    this.sheet.popover = "auto";
    this.sheet.setAttribute("role", "dialog");
    this.sheet.setAttribute("aria-label", t("Emoji"));
    this.text.type = "search";
    this.text.placeholder = t("Search emoji");
    for (const [name, value] of Object.entries({ role: "combobox", "aria-label": t("Search emoji"), "aria-expanded": "true", "aria-controls": "emoji-grid", autocomplete: "off" })) {
      this.text.setAttribute(name, value);
    }
    this.grid.id = "emoji-grid";
    this.grid.setAttribute("role", "listbox");
    this.grid.setAttribute("aria-label", t("Emoji"));
    this.sheet.append(this.text, this.grid);
    this.text.addEventListener("input", () => this.draw());
    this.sheet.addEventListener("keydown", this.onKey);
    this.grid.addEventListener("click", (event) => this.take((event.target as Element).closest<HTMLElement>("[role=option]")));
    this.sheet.addEventListener("toggle", (event) => (event as ToggleEvent).newState === "closed" && this.sheet.remove());
  }

  open(button: HTMLElement, box: HTMLElement): void {
    box.append(this.sheet);
    this.draw();
    this.sheet.showPopover();
    const [place, size] = [button.getBoundingClientRect(), this.sheet.getBoundingClientRect()];
    this.sheet.style.top = `${Math.max(8, place.top - size.height - 6)}px`;
    this.sheet.style.left = `${Math.max(8, Math.min(place.left, innerWidth - size.width - 8))}px`;
    this.text.focus();
  }

  private get options(): HTMLElement[] {
    return [...this.grid.querySelectorAll<HTMLElement>("[role=option]")];
  }

  private draw(): void {
    const typed = this.text.value.trim();
    const found = typed ? find(this.all.all, typed).slice(0, MOST_FOUND) : [];
    const groups: [string, Entry[]][] = typed ? [[found.length ? t("Found") : t("No emoji is called so."), found]] : [[t("Recently used"), this.recent()], ...this.grouped()];
    this.grid.replaceChildren(...groups.filter(([, entries]) => entries.length || typed).map(([title, entries]) => group(title, entries)));
    this.options.forEach((option, at) => (option.id = `emoji-${at}`));
    this.point(0);
  }

  private grouped(): [string, Entry[]][] {
    return this.all.groups.map((title, at) => [title, this.all.all.filter((entry) => entry[1] === at)]);
  }

  private recent(): Entry[] {
    return used().map((sign) => this.all.all.find((entry) => entry[0] === sign)).filter((entry) => entry !== undefined);
  }

  private point(at: number): void {
    const options = this.options;
    this.at = Math.max(0, Math.min(at, options.length - 1));
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === this.at)));
    const chosen = options[this.at];
    if (chosen) this.text.setAttribute("aria-activedescendant", chosen.id);
    else this.text.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    event.stopPropagation();
    if (event.isComposing) return;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key] ?? 0;
    const row = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (event.key === "Enter") this.take(this.options[this.at] ?? null);
    else if (step && (event.key === "ArrowRight" ? this.text.selectionEnd === this.text.value.length : this.at > 0)) this.point(this.at + step);
    else if (row) this.point(this.inRow(row));
    else return;
    event.preventDefault();
  };

  /** The sign above or below, as they stand on the screen. */
  private inRow(row: number): number {
    const options = this.options;
    const here = options[this.at]?.getBoundingClientRect();
    if (!here) return 0;
    const onward = row > 0 ? options.slice(this.at + 1) : options.slice(0, this.at).reverse();
    const next = onward.find((one) => {
      const place = one.getBoundingClientRect();
      return Math.abs(place.top - here.top) > 4 && Math.abs(place.left - here.left) < place.width / 2;
    });
    return next ? options.indexOf(next) : this.at;
  }

  private take(option: HTMLElement | null): void {
    const sign = option?.dataset["sign"];
    if (!sign) return;
    remember(sign);
    this.sheet.hidePopover();
    this.taken(sign);
  }
}

/** Show the sheet beside its button; `taken` gets the sign that was chosen. */
export async function open(button: HTMLElement, box: HTMLElement, address: string, taken: (sign: string) => void): Promise<void> {
  const all = await list(address).catch(() => null);
  if (all && !box.querySelector(".emoji-sheet")) new Sheet(all, taken).open(button, box);
}

function group(title: string, entries: Entry[]): HTMLElement {
  const section = make("div", "emoji-group");
  section.setAttribute("role", "group");
  section.setAttribute("aria-label", title);
  const head = make("p", "emoji-title");
  head.textContent = title;
  section.append(head, ...entries.map(option));
  return section;
}

function option([sign, , name]: Entry): HTMLElement {
  const one = make("span", "emoji-one");
  one.setAttribute("role", "option");
  one.setAttribute("aria-label", name);
  one.title = name;
  one.dataset["sign"] = one.textContent = sign;
  return one;
}

function make<Name extends keyof HTMLElementTagNameMap>(name: Name, className: string): HTMLElementTagNameMap[Name] {
  return Object.assign(document.createElement(name), { className });
}

function used(): string[] {
  try {
    return (JSON.parse(localStorage.getItem(RECENT) ?? "[]") as string[]).slice(0, MOST_RECENT);
  } catch {
    return [];
  }
}

function remember(sign: string): void {
  try {
    localStorage.setItem(RECENT, JSON.stringify([sign, ...used().filter((one) => one !== sign)].slice(0, MOST_RECENT)));
  } catch {
    // private windows may have no storage: nothing is remembered
  }
}
