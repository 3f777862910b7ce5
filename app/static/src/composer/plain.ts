// Writing in a plain textarea, as popups need it: what stands before the caret, and where on the screen that is.
import type { Surface } from "./field";

// what decides where a line of text breaks
const LAID_OUT_BY = [
  "boxSizing", "width", "paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "borderTopWidth", "borderRightWidth", "borderBottomWidth",
  "borderLeftWidth", "fontFamily", "fontSize", "fontWeight", "fontStyle", "fontVariant", "fontStretch", "letterSpacing", "wordSpacing", "lineHeight",
  "textAlign", "textIndent", "textTransform", "tabSize", "direction",
] as const;
const MOST_MEASURED = 20_000; // characters: further down, the box itself is the place

export class PlainSurface implements Surface {
  constructor(readonly element: HTMLTextAreaElement) {}

  textBeforeCaret(): string {
    const { selectionStart, selectionEnd, value } = this.element;
    if (selectionStart !== selectionEnd) return "";
    return value.slice(value.lastIndexOf("\n", selectionStart - 1) + 1, selectionStart);
  }

  replaceBeforeCaret(length: number, text: string): void {
    const caret = this.element.selectionStart;
    this.element.focus();
    this.element.setSelectionRange(Math.max(0, caret - length), caret);
    this.insert(text);
  }

  insert(text: string): void {
    this.element.focus();
    // the only way to write that a browser can undo; it tells of the input by itself
    const isDone = document.execCommand(text ? "insertText" : "delete", false, text);
    if (isDone) return;
    this.element.setRangeText(text, this.element.selectionStart, this.element.selectionEnd, "end");
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
  }

  select(words: string): void {
    const at = this.element.value.indexOf(words);
    if (at < 0) return;
    this.element.focus();
    this.element.setSelectionRange(at, at + words.length);
  }

  caretRect(): DOMRect {
    const box = this.element.getBoundingClientRect();
    if (this.element.selectionStart > MOST_MEASURED) return box;
    const { top, left, height } = this.caretInside();
    const within = Math.min(Math.max(top - this.element.scrollTop, 0), Math.max(box.height - height, 0));
    return new DOMRect(box.left + left - this.element.scrollLeft, box.top + within, 1, height);
  }

  text(): string {
    return this.element.value;
  }

  setText(text: string): void {
    this.element.value = text;
  }

  focus(): void {
    this.element.focus();
  }

  /** A textarea does not say where its caret is: the same words are laid out once more, out of sight. */
  private caretInside(): { top: number; left: number; height: number } {
    const copy = document.createElement("div");
    const style = getComputedStyle(this.element);
    for (const name of LAID_OUT_BY) copy.style[name] = style[name];
    Object.assign(copy.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word", top: "0", left: "0" });
    const caret = document.createElement("span");
    caret.textContent = "\u200b";
    copy.append(this.element.value.slice(0, this.element.selectionStart), caret, this.element.value.slice(this.element.selectionStart) || ".");
    document.body.append(copy);
    const place = { top: caret.offsetTop, left: caret.offsetLeft, height: caret.offsetHeight };
    copy.remove();
    return place;
  }
}
