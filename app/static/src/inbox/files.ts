// Files of a reply: chosen, dropped or pasted; shown as chips that can be taken off again.
import { size } from "./limits";
import { t } from "../page/words";

export class Files {
  constructor(
    private readonly form: HTMLFormElement,
    private readonly shelf: Element | null,
    private readonly changed: () => void,
  ) {
    this.input?.addEventListener("change", () => this.draw());
    form.addEventListener("paste", this.onPaste);
    form.addEventListener("dragover", this.onDrag);
    form.addEventListener("dragleave", () => form.classList.remove("is-drop"));
    form.addEventListener("drop", this.onDrop);
  }

  list(): File[] {
    return [...(this.input?.files ?? [])];
  }

  any(): boolean {
    return Boolean(this.input?.files?.length);
  }

  clear(): void {
    if (this.input) this.input.value = "";
    this.draw();
  }

  private get input(): HTMLInputElement | null {
    return this.form.querySelector<HTMLInputElement>('input[name="files"]');
  }

  private readonly onPaste = (event: ClipboardEvent): void => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length || event.defaultPrevented) return; // the editor took what is its own
    event.preventDefault();
    this.add(pasted);
  };

  private readonly onDrag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.form.classList.add("is-drop");
  };

  private readonly onDrop = (event: DragEvent): void => {
    this.form.classList.remove("is-drop");
    const dropped = [...(event.dataTransfer?.files ?? [])];
    if (!dropped.length || event.defaultPrevented) return;
    event.preventDefault();
    this.add(dropped);
  };

  add(more: File[]): void {
    if (more.length) this.set([...this.list(), ...more]);
  }

  private set(files: File[]): void {
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    if (this.input) this.input.files = transfer.files;
    this.draw();
  }

  private draw(): void {
    const files = this.list();
    this.shelf?.replaceChildren(...files.map((file, at) => this.chip(file, at)));
    this.changed();
  }

  private chip(file: File, at: number): HTMLElement {
    const item = document.createElement("li");
    item.className = "chip";
    const name = document.createElement("span");
    name.textContent = `${file.name} · ${size(file.size)}`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", t("Take off {name}", { name: file.name }));
    remove.addEventListener("click", () => this.set(this.list().filter((_, index) => index !== at)));
    item.append(name, remove);
    return item;
  }
}
