// The formatted field: an editor over the composer's textarea, whose value stays Markdown for all that reads it.
import { history } from "prosemirror-history";
import { Slice, type Node } from "prosemirror-model";
import { EditorState, TextSelection, type Transaction } from "prosemirror-state";
import { EditorView, type NodeView, type NodeViewConstructor } from "prosemirror-view";
import type { Surface } from "./field";
import { plainPiece, read, readPiece, write } from "./markdown";
import { schema } from "./schema";
import { typing } from "./typing";

/** What the editor asks of the composer around it. */
export interface Around {
  /** Take files in; the pictures among them come back as Markdown addresses, the rest is attached. */
  take(files: File[]): { name: string; source: string }[];
  addressOf(source: string): string;
  /** The selection or the words changed: buttons show what holds there. */
  changed(): void;
}

export class RichSurface implements Surface {
  readonly view: EditorView;

  constructor(
    private readonly textarea: HTMLTextAreaElement,
    private readonly around: Around,
  ) {
    const place = document.createElement("div");
    place.className = "composer-rich";
    textarea.after(place);
    this.view = new EditorView(place, {
      state: this.begin(textarea.value),
      dispatchTransaction: (tr) => this.dispatch(tr),
      attributes: (state) => this.attributes(state.doc),
      nodeViews: this.views(),
      handlePaste: (view, event) => this.takeFiles(view, event.clipboardData, null),
      handleDrop: (view, event, _slice, isMoved) => !isMoved && this.takeFiles(view, event.dataTransfer, event),
      clipboardTextParser: (text) => plainPiece(text),
      handleScrollToSelection: () => false,
    });
    document.addEventListener("tributary:pictures", this.onPictures);
  }

  get element(): HTMLElement {
    return this.view.dom;
  }

  destroy(): void {
    const place = this.view.dom.parentElement;
    document.removeEventListener("tributary:pictures", this.onPictures);
    this.view.destroy();
    place?.remove();
  }

  textBeforeCaret(): string {
    const { $from, empty } = this.view.state.selection;
    if (!empty) return "";
    const before = $from.parent.textBetween(0, $from.parentOffset, null, (leaf) => (leaf.type.name === "hard_break" ? "\n" : "\ufffc"));
    return before.slice(before.lastIndexOf("\n") + 1);
  }

  replaceBeforeCaret(length: number, text: string): void {
    const to = this.view.state.selection.from;
    const from = Math.max(to - length, this.view.state.selection.$from.start());
    this.put(this.view.state.tr.setSelection(TextSelection.create(this.view.state.doc, from, to)), text);
  }

  insert(text: string): void {
    this.put(this.view.state.tr, text);
  }

  select(words: string): void {
    let at = -1;
    const doc = this.view.state.doc;
    doc.descendants((node, place) => {
      const found = at < 0 && node.isTextblock ? node.textBetween(0, node.content.size, null, "\ufffc").indexOf(words) : -1;
      if (found >= 0) at = place + 1 + found;
      return at < 0;
    });
    if (at < 0) return;
    this.view.dispatch(this.view.state.tr.setSelection(TextSelection.create(doc, at, at + words.length)).scrollIntoView());
    this.view.focus();
  }

  caretRect(): DOMRect {
    const { left, top, bottom } = this.view.coordsAtPos(this.view.state.selection.head);
    return new DOMRect(left, top, 1, bottom - top);
  }

  text(): string {
    return this.textarea.value;
  }

  /** Begin anew with these words: what was there before cannot be undone into them. */
  setText(text: string): void {
    if (this.textarea.value !== text) this.textarea.value = text;
    this.view.updateState(this.begin(text));
    this.around.changed();
  }

  focus(): void {
    this.view.focus();
  }

  /** Put the caret behind the last word. */
  toEnd(): void {
    this.view.dispatch(this.view.state.tr.setSelection(TextSelection.atEnd(this.view.state.doc)));
  }

  /** Take over what something else wrote into the textarea. */
  follow(): void {
    this.view.updateState(this.begin(this.textarea.value));
    this.toEnd();
  }

  private views(): Record<string, NodeViewConstructor> {
    return { image: (node) => new PictureView(node, this.around.addressOf(String(node.attrs["src"]))) };
  }

  /** The server told where pictures are that this page never had. */
  private readonly onPictures = (): void => {
    if (!this.view.dom.isConnected) document.removeEventListener("tributary:pictures", this.onPictures);
    else if (this.view.dom.querySelector(".composer-lost")) this.view.setProps({ nodeViews: this.views() }); // drawn anew
  };

  private begin(text: string): EditorState {
    return EditorState.create({ doc: read(text), plugins: [...typing(), history()] });
  }

  private put(tr: Transaction, text: string): void {
    const piece = text ? readPiece(text) : Slice.empty;
    this.view.dispatch((piece.size ? tr.replaceSelection(piece) : tr.deleteSelection()).scrollIntoView());
    this.view.focus();
  }

  private dispatch(tr: Transaction): void {
    this.view.updateState(this.view.state.apply(tr));
    if (tr.docChanged) {
      this.textarea.value = write(this.view.state.doc);
      this.textarea.dispatchEvent(new CustomEvent("input", { bubbles: true, detail: this }));
    }
    this.around.changed();
  }

  private attributes(doc: Node): Record<string, string> {
    const described = this.textarea.getAttribute("aria-describedby");
    const isEmpty = doc.childCount === 1 && doc.firstChild?.type.name === "paragraph" && doc.firstChild.content.size === 0;
    return {
      role: "textbox",
      "aria-multiline": "true",
      "aria-label": this.textarea.dataset["label"] ?? "",
      "data-placeholder": this.textarea.placeholder,
      class: isEmpty ? "composer-page is-empty" : "composer-page",
      ...(isEmpty ? {} : { dir: "auto" }), // what says what to write here is ours: it runs as the page does
      ...(described ? { "aria-describedby": described } : {}),
    };
  }

  private takeFiles(view: EditorView, data: DataTransfer | null, drop: DragEvent | null): boolean {
    const files = [...(data?.files ?? [])];
    const isText = !drop && Boolean(data?.types.includes("text/html") && data.types.includes("text/plain")); // a table comes with its picture
    if (!files.length || isText) return false;
    const at = drop ? view.posAtCoords({ left: drop.clientX, top: drop.clientY })?.pos : undefined;
    const tr = at === undefined ? view.state.tr : view.state.tr.setSelection(TextSelection.near(view.state.doc.resolve(at)));
    this.putPictures(tr, files);
    drop?.preventDefault();
    return true;
  }

  /** Pictures stand where the caret is, other files are attached. */
  putPictures(tr: Transaction, files: File[]): void {
    for (const { name, source } of this.around.take(files)) {
      tr.replaceSelectionWith(schema.node("image", { src: source, alt: name }), false);
    }
    if (tr.docChanged) this.view.dispatch(tr.scrollIntoView());
  }
}

/** A picture as it is written: itself, or its name where it is not here. */
class PictureView implements NodeView {
  readonly dom: HTMLElement;

  constructor(node: Node, address: string) {
    const name = String(node.attrs["alt"] || "picture");
    if (address) {
      const image = document.createElement("img");
      image.src = address;
      image.alt = name;
      this.dom = image;
    } else {
      this.dom = document.createElement("span");
      this.dom.className = "composer-lost";
      this.dom.textContent = name;
    }
  }

  selectNode(): void {
    this.dom.classList.add("is-chosen");
  }

  deselectNode(): void {
    this.dom.classList.remove("is-chosen");
  }

  stopEvent(): boolean {
    return false;
  }

  ignoreMutation(): boolean {
    return true;
  }
}

