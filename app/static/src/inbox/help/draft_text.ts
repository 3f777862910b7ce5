// The words in the composer, as the helpers see and change them.
import { fieldOf, type WritingField } from "../../composer/field";

export function draftBox(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>("composer-box .composer-text");
}

export function draftField(): WritingField | null {
  const box = draftBox();
  return box && fieldOf(box);
}

/** Tell whether something happened where the draft is written. */
export function isInDraft(target: EventTarget | null): boolean {
  return target instanceof Node && (target === draftBox() || Boolean(draftField()?.element.contains(target)));
}

export function isReply(): boolean {
  return document.querySelector<HTMLInputElement>('composer-box input[name="kind"]:checked')?.value !== "note";
}

/** Put words where the cursor is; what stands around them keeps its distance. Undo takes them out again. */
export function insert(words: string): void {
  const field = draftField();
  const before = field?.textBeforeCaret() ?? "";
  field?.insert((before && !/\s$/.test(before) ? "\n\n" : "") + words);
}

const SHORTCUT = /(?:^|\s)\/([a-z0-9][a-z0-9_-]{0,39})$/i;

/** Tab after "/name" puts the canned response of that name in its place. */
export async function expandShortcut(event: KeyboardEvent, conversation: string): Promise<void> {
  const field = draftField();
  const found = SHORTCUT.exec(field?.textBeforeCaret().slice(-42) ?? "");
  if (!field || event.key !== "Tab" || event.shiftKey || !found?.[1]) return;
  event.preventDefault();
  const typed = field.text();
  const address = `/conversations/${conversation}/canned/${encodeURIComponent(found[1])}`;
  const response = await fetch(address, { credentials: "same-origin", headers: { "HX-Request": "true" } }).catch(() => null);
  if (response?.ok && field.text() === typed) field.replaceBeforeCaret(found[1].length + 1, await response.text());
}
