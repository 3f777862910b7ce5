// Emoji in the composer: a button that opens all of them, and `:smile:` as one types. The list is fetched when wanted.
import type { WritingField } from "./field";

type Picker = typeof import("../emoji_picker");

const NAME = /(?:^|\s):([a-z0-9_+-]{2,40}):$/i;
const BEGUN = /(?:^|\s):[a-z0-9_+-]{2}$/i; // time to fetch the list

export class Emoji {
  constructor(
    private readonly box: HTMLElement,
    private readonly field: WritingField,
  ) {
    const button = box.querySelector<HTMLButtonElement>("[data-emoji]");
    if (!button || !box.dataset["emojiPicker"]) return;
    button.hidden = false;
    button.addEventListener("click", () => void this.open(button));
    field.onInput(() => void this.complete());
  }

  private async picker(): Promise<Picker | null> {
    try {
      return (await import(this.box.dataset["emojiPicker"] ?? "")) as Picker;
    } catch {
      return null; // no connection: every system has emoji of its own
    }
  }

  private async open(button: HTMLButtonElement): Promise<void> {
    const picker = await this.picker();
    await picker?.open(button, this.box, this.box.dataset["emojiList"] ?? "", (sign) => {
      this.field.focus();
      this.field.replaceBeforeCaret(0, sign);
    });
  }

  /** A name between colons becomes its sign. */
  private async complete(): Promise<void> {
    const before = this.field.textBeforeCaret();
    const name = NAME.exec(before)?.[1] ?? "";
    if (!name && !BEGUN.test(before)) return;
    const picker = await this.picker();
    const sign = await picker?.named(this.box.dataset["emojiList"] ?? "", name.toLowerCase()).catch(() => "");
    const now = this.field.textBeforeCaret();
    const at = now.lastIndexOf(`:${name}:`); // whoever types fast is further by now
    if (name && sign && at >= 0) this.field.replaceBeforeCaret(now.length - at, sign + now.slice(at + name.length + 2));
  }
}
