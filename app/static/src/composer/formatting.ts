// Whether a reply is written with formatting: the editor is fetched for channels that take it, and stands over the
// textarea, whose value stays what is kept and sent. A person can do without.
import type { Files } from "../inbox/files";
import type { RichSurface } from "./rich";
import type { Toolbar } from "./toolbar";
import type { WritingField } from "./field";
import { addressOf, hold, isPicture } from "./pictures";

type Editor = typeof import("../editor");

const user = document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? "";
const PLACE = `plain-text:${user}`;

export class Formatting {
  private rich: RichSurface | null = null;
  private toolbar: Toolbar | null = null;
  private editor: Editor | null = null;
  private isReply = false;
  private isComposing = false;

  constructor(
    private readonly box: HTMLElement,
    private readonly textarea: HTMLTextAreaElement,
    private readonly field: WritingField,
    private readonly files: Files,
  ) {
    textarea.addEventListener("compositionstart", () => (this.isComposing = true));
    textarea.addEventListener("compositionend", () => ((this.isComposing = false), this.settle()));
    textarea.addEventListener("blur", () => this.settle());
    textarea.addEventListener("input", (event) => {
      if (this.rich && (event as Event as CustomEvent).detail !== this.rich) this.rich.follow(); // an extension of the browser wrote
    });
    this.button?.addEventListener("click", () => this.toggle());
    if (this.address) takeOver(box);
  }

  /** Replies are formatted where their channel takes it, notes never. */
  show(kind: "reply" | "note"): void {
    this.isReply = kind === "reply";
    if (this.button) this.button.hidden = !this.isReply;
    this.settle();
  }

  /** What is written is Markdown. */
  get isOn(): boolean {
    return this.rich !== null;
  }

  private get address(): string {
    return this.box.dataset["editor"] ?? "";
  }

  private get button(): HTMLButtonElement | null {
    return this.box.querySelector<HTMLButtonElement>("[data-formatting]");
  }

  private get prefersPlain(): boolean {
    return this.box.hasAttribute("data-plain");
  }

  private get isWanted(): boolean {
    return Boolean(this.address) && this.isReply && !this.prefersPlain;
  }

  private toggle(): void {
    preferPlain(this.box, !this.prefersPlain);
    this.settle();
    this.field.focus();
  }

  private settle(): void {
    this.button?.setAttribute("aria-pressed", String(this.isWanted));
    if (this.isWanted === (this.rich !== null) || (this.isWanted && this.isBusy)) return;
    if (!this.isWanted) this.stop();
    else if (this.editor) this.begin(this.editor);
    else void this.fetch();
  }

  private async fetch(): Promise<void> {
    try {
      this.editor = (await import(this.address)) as Editor;
    } catch {
      return; // the plain field goes on; the next change of kind tries again
    }
    if (this.box.isConnected) this.settle();
  }

  /** Somebody writes in the middle of the plain field, or with an input method: nothing is taken from under their hands. */
  private get isBusy(): boolean {
    const { selectionEnd, value } = this.textarea;
    return document.activeElement === this.textarea && (this.isComposing || selectionEnd !== value.length);
  }

  private begin(editor: Editor): void {
    const hadFocus = document.activeElement === this.textarea;
    this.setAside(true);
    const [bar, linking] = [".composer-format", ".composer-link"].map((place) => this.box.querySelector<HTMLElement>(place));
    const toolbar = bar && linking ? new editor.Toolbar(bar, linking) : null;
    this.rich = new editor.RichSurface(this.textarea, { take: (files) => this.take(files), addressOf, changed: () => toolbar?.show() });
    toolbar?.serve(this.rich);
    this.toolbar = toolbar;
    this.field.use(this.rich);
    if (!hadFocus) return;
    this.rich.toEnd();
    this.rich.focus();
  }

  private stop(): void {
    this.toolbar?.end();
    this.field.use(null);
    this.rich?.destroy();
    this.rich = this.toolbar = null;
    this.setAside(false);
  }

  /** Behind the editor, the textarea is still what the form sends; nobody is told of it twice. */
  private setAside(isAside: boolean): void {
    this.textarea.classList.toggle("is-aside", isAside);
    this.textarea.tabIndex = isAside ? -1 : 0;
    this.textarea.toggleAttribute("aria-hidden", false);
    if (isAside) {
      this.textarea.dataset["label"] = this.textarea.getAttribute("aria-label") ?? "";
      this.textarea.removeAttribute("aria-label");
      this.textarea.setAttribute("aria-hidden", "true");
    } else {
      this.textarea.setAttribute("aria-label", this.textarea.dataset["label"] ?? "");
    }
    const format = this.box.querySelector<HTMLInputElement>('input[name="format"]');
    if (format) format.value = isAside ? "markdown" : "";
  }

  private take(files: File[]): { name: string; source: string }[] {
    const pictures = files.filter(isPicture);
    this.files.add(files.filter((file) => !isPicture(file)));
    return pictures.map((file) => {
      const id = hold(file);
      this.files.addPicture(file, id);
      return { name: file.name, source: `cid:${id}` };
    });
  }
}

/** Until it was kept by the server, a browser knew that one writes plain: what it says still holds. */
function takeOver(box: HTMLElement): void {
  try {
    if (localStorage.getItem(PLACE) !== "1") return;
    localStorage.removeItem(PLACE);
  } catch {
    return; // private windows may have no storage
  }
  preferPlain(box, true);
}

function preferPlain(box: HTMLElement, isPlain: boolean): void {
  box.toggleAttribute("data-plain", isPlain);
  const data = new FormData();
  data.set("csrf_token", document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "");
  data.set("plain", isPlain ? "1" : "");
  // where the server is away, it holds until the page is left
  void fetch("/account/writing", { method: "POST", body: data, credentials: "same-origin", keepalive: true }).catch(() => null);
}
