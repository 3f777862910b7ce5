// The buttons above the words: one stop of the Tab key, arrows between them; each says whether it holds where the caret is.
import type { Mark, MarkType } from "prosemirror-model";
import type { EditorState } from "prosemirror-state";
import { t } from "../page/words";
import type { RichSurface } from "./rich";
import { ADDRESS, schema } from "./schema";
import { DEEDS } from "./typing";

const LINK = schema.marks["link"] as MarkType;
const WRAPPING: Record<string, string> = { bullets: "bullet_list", numbers: "ordered_list", quote: "blockquote" };

export class Toolbar {
  private readonly ended = new AbortController();
  private surface: RichSurface | null = null;

  constructor(
    private readonly bar: HTMLElement,
    private readonly linking: HTMLElement,
  ) {
    const { signal } = this.ended;
    bar.addEventListener("click", this.onClick, { signal });
    bar.addEventListener("mousedown", (event) => event.preventDefault(), { signal }); // the selection stays
    bar.addEventListener("keydown", this.onArrow, { signal });
    this.pictures?.addEventListener("change", this.onPictures, { signal });
    linking.addEventListener("keydown", this.onLinkKey, { signal });
    linking.addEventListener("click", this.onLinkClick, { signal });
    bar.hidden = false;
    this.buttons.forEach((button, at) => (button.tabIndex = at ? -1 : 0));
  }

  serve(surface: RichSurface): void {
    this.surface = surface;
    surface.element.addEventListener("keydown", this.onKey, { signal: this.ended.signal });
    this.show();
  }

  end(): void {
    this.ended.abort();
    this.bar.hidden = this.linking.hidden = true;
  }

  /** Say of each button whether it holds where the caret is. */
  show(): void {
    const state = this.surface?.view.state;
    if (!state) return;
    for (const button of this.buttons) {
      const name = button.dataset["format"] ?? "";
      if (button.hasAttribute("aria-pressed")) button.setAttribute("aria-pressed", String(holds(state, name)));
    }
  }

  private get buttons(): HTMLButtonElement[] {
    return [...this.bar.querySelectorAll<HTMLButtonElement>("button")];
  }

  private get pictures(): HTMLInputElement | null {
    return this.bar.querySelector<HTMLInputElement>('input[type="file"]');
  }

  private get address(): HTMLInputElement {
    return this.linking.querySelector("input") as HTMLInputElement;
  }

  private readonly onClick = (event: MouseEvent): void => {
    const name = (event.target as Element).closest<HTMLElement>("[data-format]")?.dataset["format"];
    const view = this.surface?.view;
    if (!name || !view) return;
    if (name === "link") this.askAddress();
    else if (name === "picture") this.pictures?.click();
    else {
      DEEDS[name]?.(view.state, view.dispatch, view);
      view.focus();
    }
  };

  private readonly onArrow = (event: KeyboardEvent): void => {
    const ahead = getComputedStyle(this.bar).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = this.buttons;
    const at = all.indexOf(event.target as HTMLButtonElement) + (ahead === "ArrowRight" ? step : -step);
    const next = all[(at + all.length) % all.length];
    all.forEach((button) => (button.tabIndex = button === next ? 0 : -1));
    next?.focus();
  };

  private readonly onPictures = (): void => {
    const [chosen, view] = [[...(this.pictures?.files ?? [])], this.surface?.view];
    if (this.pictures) this.pictures.value = "";
    if (!view) return;
    this.surface?.putPictures(view.state.tr, chosen);
    view.focus();
  };

  /** With words selected, the key that opens the commands makes a link of them. */
  private readonly onKey = (event: KeyboardEvent): void => {
    const isKey = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (!isKey || event.isComposing || this.surface?.view.state.selection.empty) return;
    event.preventDefault();
    event.stopPropagation();
    this.askAddress();
  };

  private askAddress(): void {
    const state = this.surface?.view.state;
    if (!state) return;
    this.linking.hidden = false;
    this.address.value = String(linkAt(state)?.attrs["href"] ?? "");
    this.address.select();
    this.address.focus();
  }

  private readonly onLinkKey = (event: KeyboardEvent): void => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Enter" && event.target === this.address) this.link(this.address.value);
    else if (event.key === "Enter") (event.target as HTMLElement).click();
    else this.closeLink();
  };

  private readonly onLinkClick = (event: MouseEvent): void => {
    const what = (event.target as Element).closest<HTMLElement>("[data-link]")?.dataset["link"];
    if (what) this.link(what === "set" ? this.address.value : "");
  };

  private closeLink(): void {
    this.linking.hidden = true;
    this.surface?.focus();
  }

  /** Lead what is selected (else the address itself) there; "" takes a link away. */
  private link(typed: string): void {
    const view = this.surface?.view;
    const address = typed.trim() && !/^[a-z]+:/i.test(typed.trim()) ? `https://${typed.trim()}` : typed.trim();
    this.address.setCustomValidity(address && !ADDRESS.test(address) ? t("Write an address like https://example.com.") : "");
    if (!view || !this.address.reportValidity()) return;
    const { from, to, empty } = this.wordsOfLink(view.state);
    const tr = view.state.tr.removeMark(from, to, LINK);
    const mark = address ? LINK.create({ href: address }) : null;
    if (mark && empty) tr.replaceSelectionWith(schema.text(address, [mark]), false);
    else if (mark) tr.addMark(from, to, mark);
    view.dispatch(tr.removeStoredMark(LINK));
    this.closeLink();
  }

  /** What is selected; with a bare caret the whole link that it stands in. */
  private wordsOfLink(state: EditorState): { from: number; to: number; empty: boolean } {
    const { from, to, empty, $from } = state.selection;
    const mark = empty ? linkAt(state) : null;
    if (!mark) return { from, to, empty };
    let [start, end] = [from, to];
    $from.parent.forEach((child, offset) => {
      const at = $from.start() + offset;
      if (mark.isInSet(child.marks) && at <= from && at + child.nodeSize >= from) [start, end] = [at, at + child.nodeSize];
    });
    return { from: start, to: end, empty: false };
  }
}

function linkAt(state: EditorState): Mark | undefined {
  const { $from, to, empty } = state.selection;
  let found = LINK.isInSet($from.marks());
  if (!empty) state.doc.nodesBetween($from.pos, to, (node) => void (found ??= LINK.isInSet(node.marks)));
  return found;
}

function holds(state: EditorState, name: string): boolean {
  if (name === "link") return linkAt(state) !== undefined;
  const { $from, from, to, empty } = state.selection;
  const mark = schema.marks[name];
  if (mark) return empty ? Boolean(mark.isInSet(state.storedMarks ?? $from.marks())) : state.doc.rangeHasMark(from, to, mark);
  return [...Array($from.depth + 1).keys()].some((depth) => $from.node(depth).type.name === WRAPPING[name]);
}

