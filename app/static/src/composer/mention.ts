// Mentions in notes: an @ at the start of a word opens a list of the users and teams that may see the conversation. The
// server finds the names in the words when the note is saved; whom one picked goes along, for two may have one name.
import { fieldOf, WritingField } from "./field";

const BEGUN = /(?:^|[^\p{L}\p{N}._\-+@])@([\p{L}\p{N}'’.-]*(?: [\p{L}\p{N}'’.-]+)?)$/u;
const MARGIN = 8; // pixels to the edges of the window
const COMBOBOX = { role: "combobox", "aria-expanded": "true", "aria-haspopup": "listbox", "aria-autocomplete": "list", "aria-controls": "mention-list" };

class Mention {
  private readonly list = document.createElement("div");
  private readonly usual = new Map<string, string | null>();
  private wearer: HTMLElement | null = null; // what carries the combobox's attributes
  private typed: string | null = null; // after the @; null while nothing is asked
  private isDismissed = false;
  private asked: AbortController | null = null;

  constructor(
    private readonly box: HTMLElement,
    private readonly field: WritingField,
  ) {
    this.list.id = "mention-list";
    this.list.className = "mention-list";
    this.list.popover = "manual";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", box.dataset["mentions"] ?? "@");
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays where one writes
    this.list.addEventListener("click", (event) => this.pick((event.target as Element).closest<HTMLElement>("[data-mention]")));
    box.addEventListener("focusout", () => this.close());
    field.onInput(() => this.look());
    field.onKey((event) => this.onKey(event));
  }

  private get isNote(): boolean {
    const kind = this.box.querySelector<HTMLInputElement>('input[name="kind"]:checked');
    return !kind || kind.value === "note";
  }

  private get options(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>("[role=option]")];
  }

  private look(): void {
    const found = this.isNote ? BEGUN.exec(this.field.textBeforeCaret()) : null;
    if (!found) this.isDismissed = false;
    if (!found || this.isDismissed) return this.close();
    const typed = found[1] ?? "";
    if (typed === this.typed) return;
    this.typed = typed;
    void this.ask(typed);
  }

  private async ask(typed: string): Promise<void> {
    this.asked?.abort();
    this.asked = new AbortController();
    const address = `/conversations/${this.box.dataset["conversation"] ?? ""}/mentionables?word=${encodeURIComponent(typed)}`;
    const options = { credentials: "same-origin", headers: { "HX-Request": "true" }, signal: this.asked.signal } as const;
    const response = await fetch(address, options).catch(() => null);
    const html = response?.ok ? await response.text().catch(() => null) : null;
    if (html === null || this.typed !== typed) return;
    this.list.innerHTML = html; // our own server's fragment, escaped there
    if (this.options.length) this.open();
    else this.hide(); // the next letter may fit again
  }

  private open(): void {
    if (!this.wearer) {
      this.box.append(this.list);
      this.list.showPopover();
      this.wear();
    }
    this.place();
    this.mark(this.options[0]);
  }

  private close(): void {
    this.asked?.abort();
    this.typed = null;
    this.hide();
  }

  private hide(): void {
    if (!this.wearer) return;
    for (const [name, value] of this.usual) {
      if (value === null) this.wearer.removeAttribute(name);
      else this.wearer.setAttribute(name, value);
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
  private place(): void {
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
    option?.scrollIntoView({ block: "nearest" });
  }

  private onKey(event: KeyboardEvent): boolean {
    if (!this.wearer || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
    const options = this.options;
    const at = options.findIndex((option) => option.ariaSelected === "true");
    if (event.key === "Escape") {
      this.isDismissed = true;
      this.close();
      return true;
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by && options.length) this.mark(options[(at + by + options.length) % options.length]);
    else if ((event.key === "Enter" || event.key === "Tab") && options[at]) this.pick(options[at]);
    else return false;
    return true;
  }

  private pick(option: HTMLElement | null): void {
    const { mention, name } = option?.dataset ?? {};
    if (!mention || !name || this.typed === null) return;
    const length = this.typed.length + 1;
    this.close();
    this.remember(mention, name);
    this.field.focus();
    this.field.replaceBeforeCaret(length, `@${name} `);
  }

  /** Of two with one name the one picked last is meant. */
  private remember(id: string, name: string): void {
    const form = this.box.closest("form") ?? this.box.querySelector("form");
    if (!form) return;
    const kept = [...form.querySelectorAll<HTMLInputElement>('input[name="mention"]')];
    for (const one of kept) if (one.dataset["name"] === name) one.remove();
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "mention", value: id });
    input.dataset["name"] = name;
    form.append(input);
  }
}

const begun = new WeakSet<HTMLElement>();

/** A note is written in the composer, or in the form under a note. */
document.addEventListener("focusin", (event) => {
  const box = (event.target as Element).closest<HTMLElement>("composer-box, mention-field");
  const textarea = box?.querySelector("textarea");
  if (!box || !textarea || begun.has(box)) return;
  const field = box.matches("composer-box") ? fieldOf(box) : new WritingField(textarea);
  if (!field) return;
  begun.add(box);
  new Mention(box, field);
});
