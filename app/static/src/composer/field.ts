// What one writes in, whatever it is made of: the textarea of today, or the rich editor over it. Popups (canned responses,
// mentions, emoji) and the composer speak to it alone. Its text is Markdown where the channel takes formatted text.
import { PlainSurface } from "./plain";

/** A place to write. Offsets and lengths are in UTF-16 units, as strings of the browser count. */
export interface Surface {
  /** What has the focus while one writes: popups hang aria-controls and aria-activedescendant on it. */
  readonly element: HTMLElement;
  /** The words of the line (textarea) or paragraph (editor) up to the caret; "" where something is selected. */
  textBeforeCaret(): string;
  /** Put text in the place of the last `length` units before the caret, as one step that can be undone. */
  replaceBeforeCaret(length: number, text: string): void;
  /** Put text in the place of what is selected; Markdown where the field is formatted. */
  insert(text: string): void;
  /** Select these words where they stand first, and go there; nothing happens where they are not. */
  select(words: string): void;
  /** Where the caret stands in the window: popups open there. */
  caretRect(): DOMRect;
  text(): string;
  setText(text: string): void;
  focus(): void;
}

type KeyHandler = (event: KeyboardEvent) => boolean;

export class WritingField implements Surface {
  private surface: Surface;
  private readonly onInputs: (() => void)[] = [];
  private readonly onKeys: KeyHandler[] = [];

  constructor(private readonly textarea: HTMLTextAreaElement) {
    this.surface = new PlainSurface(textarea);
    textarea.addEventListener("input", () => this.onInputs.forEach((tell) => tell()));
    this.listen();
  }

  /** Write in something else from now on: those who listen stay. */
  use(surface: Surface | null): void {
    this.surface.element.removeEventListener("keydown", this.onKeydown, true);
    this.surface = surface ?? new PlainSurface(this.textarea);
    this.listen();
  }

  get element(): HTMLElement {
    return this.surface.element;
  }

  textBeforeCaret(): string {
    return this.surface.textBeforeCaret();
  }

  replaceBeforeCaret(length: number, text: string): void {
    this.surface.replaceBeforeCaret(length, text);
  }

  insert(text: string): void {
    this.surface.insert(text);
  }

  select(words: string): void {
    this.surface.select(words);
  }

  caretRect(): DOMRect {
    return this.surface.caretRect();
  }

  text(): string {
    return this.surface.text();
  }

  setText(text: string): void {
    this.surface.setText(text);
  }

  focus(): void {
    this.surface.focus();
  }

  /** Called after each change that the writer made; setText tells nobody. */
  onInput(tell: () => void): void {
    this.onInputs.push(tell);
  }

  /** Asked before each key does what it does; the first to answer true has dealt with it, and nobody else gets it. */
  onKey(handle: KeyHandler): void {
    this.onKeys.push(handle);
  }

  private listen(): void {
    this.surface.element.addEventListener("keydown", this.onKeydown, true);
  }

  private readonly onKeydown = (event: KeyboardEvent): void => {
    if (event.isComposing || !this.onKeys.some((handle) => handle(event))) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
}

const fields = new WeakMap<HTMLTextAreaElement, WritingField>();

/** The field of a composer (`composer-box`, its form, or what stands in it); null before its form is there. */
export function fieldOf(inside: Element): WritingField | null {
  const textarea = (inside.closest("composer-box") ?? inside).querySelector<HTMLTextAreaElement>("textarea.composer-text, textarea.thread-text");
  if (!textarea) return null;
  const known = fields.get(textarea) ?? new WritingField(textarea);
  fields.set(textarea, known);
  return known;
}
