// The words in the composer, as the helpers see and change them.

export function draftBox(): HTMLTextAreaElement | null {
  return document.querySelector<HTMLTextAreaElement>("composer-box .composer-text");
}

export function isReply(): boolean {
  return document.querySelector<HTMLInputElement>('composer-box input[name="kind"]:checked')?.value !== "note";
}

/** Put words where the cursor is; what stands around them keeps its distance. Undo takes them out again. */
export function insert(words: string): void {
  const box = draftBox();
  if (!box) return;
  const before = box.value.slice(0, box.selectionStart);
  const gap = before && !/\s$/.test(before) ? "\n\n" : "";
  replace(box, box.selectionStart, box.selectionEnd, gap + words);
}

export function replace(box: HTMLTextAreaElement, start: number, end: number, words: string): void {
  box.focus();
  box.setSelectionRange(start, end);
  // execCommand is the one way that browsers offer to keep the undo history
  if (!document.execCommand("insertText", false, words)) {
    box.setRangeText(words, start, end, "end");
    box.dispatchEvent(new InputEvent("input", { bubbles: true }));
  }
}

const SHORTCUT = /(?:^|\s)\/([a-z0-9][a-z0-9_-]{0,39})$/i;

/** Tab after "/name" puts the canned response of that name in its place. */
export async function expandShortcut(event: KeyboardEvent, conversation: string): Promise<void> {
  const box = event.target as HTMLTextAreaElement;
  const at = box.selectionStart;
  const found = SHORTCUT.exec(box.value.slice(Math.max(0, at - 42), at));
  if (event.key !== "Tab" || event.shiftKey || !found?.[1] || at !== box.selectionEnd) return;
  event.preventDefault();
  const typed = box.value;
  const address = `/conversations/${conversation}/canned/${encodeURIComponent(found[1])}`;
  const response = await fetch(address, { credentials: "same-origin", headers: { "HX-Request": "true" } }).catch(() => null);
  if (response?.ok && box.value === typed) replace(box, at - found[1].length - 1, at, await response.text());
}
