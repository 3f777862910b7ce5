// Canned responses by a slash: what begins with / at the start of a word opens a list, which is filtered as one types.
// The server ranks them and fills their variables. The keyboard stays in the writing field (ARIA's combobox).
import { say } from "../page/toast";
import { t } from "../page/words";
import { fieldOf, type WritingField } from "./field";

const BEGUN = /(?:^|\s)\/((?:[^\s/]\S*(?: (?:[^\s/]\S*)?){0,2})?)$/; // up to three words
const GAP = /⟦[^⟦⟧\n]{1,80}⟧/;
const MARGIN = 8; // pixels to the edges of the window
const COMBOBOX = { role: "combobox", "aria-expanded": "true", "aria-haspopup": "listbox", "aria-autocomplete": "list", "aria-controls": "slash-list" };

class Slash {
  private readonly list = document.createElement("div");
  private readonly usual = new Map<string, string | null>();
  private wearer: HTMLElement | null = null; // what carries the combobox's attributes
  private typed: string | null = null; // after the slash; null while nothing is asked
  private place = -1; // of the slash in its line
  private dismissed = -1; // the place of one that is let alone
  private asked: AbortController | null = null;

  constructor(
    private readonly box: HTMLElement,
    private readonly field: WritingField,
  ) {
    this.list.className = "slash-list";
    this.list.id = "slash-list";
    this.list.popover = "manual";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", t("Canned responses"));
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays where one writes
    this.list.addEventListener("click", this.onClick);
    box.addEventListener("focusout", () => this.close());
    field.onInput(() => this.look());
    field.onKey((event) => this.onKey(event));
  }

  /** Put a canned response where the cursor is, in the place of what was typed after a slash. */
  async put(id: string): Promise<void> {
    const typed = this.typed;
    this.close();
    const words = await this.filled(id);
    if (words === null) return;
    const before = this.field.textBeforeCaret();
    const length = typed !== null && before.endsWith(`/${typed}`) ? typed.length + 1 : 0;
    this.field.focus();
    this.field.replaceBeforeCaret(length, words);
    const gap = GAP.exec(words)?.[0];
    if (!gap) return;
    this.field.select(gap);
    say(t("Fill in what nobody knows: {gap}", { gap }), "info");
  }

  private async filled(id: string): Promise<string | null> {
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
    const headers = { "X-CSRFToken": token, "HX-Request": "true" };
    const format = this.box.querySelector<HTMLInputElement>('input[name="format"]')?.value ?? "";
    const address = `/conversations/${this.conversation}/canned/${id}/uses?format=${format}`;
    const response = await fetch(address, { method: "POST", credentials: "same-origin", headers }).catch(() => null);
    const words = response?.ok ? await response.text().catch(() => null) : null;
    if (words === null) say(response?.status === 422 ? t("This canned response cannot be filled in: look at it in the settings.") : t("The server cannot be reached."), "error");
    return words;
  }

  private get conversation(): string {
    return this.box.dataset["conversation"] ?? "";
  }

  private get options(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("[role=option]")];
  }

  private get isOpen(): boolean {
    return this.wearer !== null;
  }

  private look(): void {
    const found = BEGUN.exec(this.field.textBeforeCaret());
    const typed = found?.[1] ?? "";
    this.place = found ? found.input.length - typed.length : -1;
    if (this.place !== this.dismissed) this.dismissed = -1;
    if (!found || this.dismissed >= 0) return this.close();
    if (typed === this.typed) return;
    this.typed = typed;
    void this.ask(typed);
  }

  private async ask(typed: string): Promise<void> {
    this.asked?.abort();
    this.asked = new AbortController();
    const address = `/conversations/${this.conversation}/canned?q=${encodeURIComponent(typed)}`;
    const options = { credentials: "same-origin", headers: { "HX-Request": "true" }, signal: this.asked.signal } as const;
    const response = await fetch(address, options).catch(() => null);
    const html = response?.ok ? await response.text().catch(() => null) : null;
    if (html === null || this.typed !== typed) return;
    this.list.innerHTML = html;
    if (!this.options.length && typed.includes(" ")) return this.close(); // words that only happened to follow a slash
    this.open();
  }

  private open(): void {
    if (!this.isOpen) {
      this.box.append(this.list);
      this.list.showPopover();
      this.wear();
    }
    this.stand();
    this.mark(this.options.find((option) => !isLink(option))); // a key that was meant for the words leads nowhere
  }

  private close(): void {
    this.asked?.abort();
    this.typed = null;
    if (!this.isOpen) return;
    for (const [name, value] of this.usual) {
      if (value === null) this.wearer?.removeAttribute(name);
      else this.wearer?.setAttribute(name, value);
    }
    this.wearer = null;
    this.list.remove(); // hides it as well
  }

  /** Tell assistive software that the field has a list now. */
  private wear(): void {
    const element = (this.wearer = this.field.element);
    this.usual.clear();
    for (const name of [...Object.keys(COMBOBOX), "aria-activedescendant"]) this.usual.set(name, element.getAttribute(name));
    for (const [name, value] of Object.entries(COMBOBOX)) element.setAttribute(name, value);
  }

  /** Above the line that is written where there is room, else below it. */
  private stand(): void {
    const caret = this.field.caretRect();
    const { width, height } = this.list.getBoundingClientRect();
    const above = caret.top - height - MARGIN;
    const below = Math.min(caret.bottom + MARGIN, innerHeight - height - MARGIN);
    this.list.style.top = `${Math.max(MARGIN, above >= MARGIN ? above : below)}px`;
    this.list.style.left = `${Math.max(MARGIN, Math.min(caret.left, innerWidth - width - MARGIN))}px`;
  }

  private mark(option: HTMLElement | undefined): void {
    for (const other of this.options) other.setAttribute("aria-selected", String(other === option));
    if (option) this.wearer?.setAttribute("aria-activedescendant", option.id);
    else this.wearer?.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  private onKey(event: KeyboardEvent): boolean {
    if (!this.isOpen || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    const options = this.options;
    const at = options.findIndex((option) => option.ariaSelected === "true");
    if (event.key === "Escape") {
      this.dismissed = this.place;
      this.close();
      return true;
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && options.length) this.mark(options[(at + by + options.length) % options.length]);
    else if ((event.key === "Enter" || event.key === "Tab") && options[at]) this.choose(options[at]);
    else return false;
    return true;
  }

  private choose(option: HTMLElement): void {
    if (isLink(option)) option.click();
    else void this.put(option.dataset["canned"] ?? "");
  }

  private readonly onClick = (event: Event): void => {
    const option = (event.target as Element).closest<HTMLElement>("[data-canned]");
    if (option) void this.put(option.dataset["canned"] ?? "");
  };
}

/** Where there is no canned response, one can be written. */
function isLink(option: HTMLElement): boolean {
  return option instanceof HTMLAnchorElement;
}

const slashes = new WeakMap<WritingField, Slash>();

function slashOf(inside: Element | null): Slash | null {
  const box = inside?.closest<HTMLElement>("composer-box") ?? null;
  const field = box && fieldOf(box);
  if (!box || !field) return null;
  const slash = slashes.get(field) ?? new Slash(box, field);
  slashes.set(field, slash);
  return slash;
}

/** Open the list where the cursor is, as a slash does. */
export function offerCanned(): boolean {
  const box = document.querySelector<HTMLElement>("composer-box");
  const field = box && fieldOf(box);
  if (!field || !slashOf(box)) return false;
  field.focus();
  field.replaceBeforeCaret(0, /(^|\s)$/.test(field.textBeforeCaret()) ? "/" : " /");
  return true;
}

/** Put a canned response into what is written. */
export function putCanned(id: string): void {
  void slashOf(document.querySelector("composer-box"))?.put(id);
}

document.addEventListener("focusin", (event) => slashOf(event.target as Element));
