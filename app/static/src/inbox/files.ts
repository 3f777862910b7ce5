// Files of a reply: chosen, dropped or pasted; shown as chips that can be taken off again.
import { shownAt } from "../composer/pictures";
import { DraftFiles, type Around, type Kept } from "./draft_files";
import { size } from "./limits";
import { t } from "../page/words";

const LARGE = 300_000; // bytes: how far the storing of smaller ones is would only flicker

export class Files {
  private readonly draft: DraftFiles;
  private readonly chips = new Map<string, HTMLElement>(); // by key
  private wanted: (() => void) | null = null;

  constructor(
    box: HTMLElement,
    private readonly form: HTMLFormElement,
    private readonly shelf: Element | null,
    around: Omit<Around, "progressed">,
  ) {
    const changed = (): void => {
      this.draw();
      around.changed();
    };
    this.draft = new DraftFiles(box, { ...around, changed, progressed: () => this.draw() });
    this.input?.addEventListener("change", () => this.take());
    form.addEventListener("paste", this.onPaste);
    form.addEventListener("dragover", this.onDrag);
    form.addEventListener("dragleave", () => form.classList.remove("is-drop"));
    form.addEventListener("drop", this.onDrop);
    if (box.dataset["taken"]) this.beginTaken(box.dataset["taken"]);
  }

  /** A reply that was taken back has its pictures; what was attached since is asked for, as the words of no draft are. */
  private beginTaken(taken: string): void {
    for (const one of this.form.querySelectorAll<HTMLInputElement>('input[name="kept"][data-cid]')) {
      shownAt(one.dataset["cid"] ?? "", `${this.draft.conversation}/taken-back/${taken}/${one.value}?show=1`);
    }
    void this.draft.read();
  }

  any(): boolean {
    return this.draft.all.some((one) => !one.cid);
  }

  /** What is attached, and the pictures among these words. */
  of(text: string): Kept[] {
    return this.draft.all.filter((one) => !one.cid || text.includes(one.cid));
  }

  hasPicture(cid: string): boolean {
    return this.draft.hasPicture(cid);
  }

  add(files: File[]): void {
    for (const file of files) this.draft.add(file);
  }

  /** A picture that stands among the words. */
  addPicture(file: File, cid: string): void {
    this.draft.add(file, cid);
  }

  intoForm(text: string): void {
    this.draft.intoForm(this.form, text);
  }

  /** They are on their way with these words. */
  leave(text: string): Kept[] {
    const going = this.draft.take(text);
    this.form.querySelectorAll(".composer-along").forEach((one) => one.remove());
    return going;
  }

  giveBack(back: Kept[]): void {
    this.draft.giveBack(back);
  }

  giveBackIds(ids: string[]): void {
    this.draft.giveBackIds(ids);
  }

  /** Do this once all files are stored; false where none is on its way. Asked again meanwhile, it is done once. */
  isLater(go: () => void): boolean {
    const { storing } = this.draft;
    if (!storing) return false;
    if (!this.wanted) void storing.then(() => this.goOn());
    this.wanted = go;
    return true;
  }

  private goOn(): void {
    const go = this.wanted;
    this.wanted = null;
    go?.();
  }

  private get input(): HTMLInputElement | null {
    return this.form.querySelector<HTMLInputElement>('.composer-foot input[name="files"]');
  }

  private take(): void {
    const chosen = [...(this.input?.files ?? [])];
    if (this.input) this.input.value = ""; // the same one can be chosen again
    this.add(chosen);
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

  /** Chips that stay are left as they are: somebody may be on one of their buttons. */
  private draw(): void {
    const files = this.draft.all.filter((one) => !one.cid);
    for (const [key, chip] of this.chips) {
      if (files.some((one) => one.key === key)) continue;
      chip.remove();
      this.chips.delete(key);
    }
    for (const one of files) {
      const chip = this.chips.get(one.key) ?? this.chip(one);
      this.chips.set(one.key, chip);
      if (!chip.isConnected) this.shelf?.append(chip);
      showState(chip, one);
    }
  }

  private chip(one: Kept): HTMLElement {
    const item = document.createElement("li");
    item.className = "chip";
    const name = document.createElement("span");
    name.textContent = `${one.name} · ${size(one.size)}`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", t("Take off {name}", { name: one.name }));
    remove.addEventListener("click", () => this.draft.remove(this.draft.all.find((other) => other.key === one.key) ?? one));
    item.append(name, remove);
    return item;
  }
}

function showState(chip: HTMLElement, one: Kept): void {
  const bar = chip.querySelector("progress");
  chip.title = one.state === "away" ? t("Only in this browser: the server cannot be reached.") : "";
  chip.classList.toggle("is-away", one.state === "away");
  if (one.state !== "storing" || one.size < LARGE) bar?.remove();
  else if (bar) bar.value = one.share;
  else chip.querySelector("span")?.after(progress(one));
}

function progress(one: Kept): HTMLProgressElement {
  const bar = document.createElement("progress");
  bar.className = "chip-progress";
  bar.max = 1;
  bar.value = one.share;
  bar.setAttribute("aria-label", t("Storing {name}", { name: one.name }));
  return bar;
}
