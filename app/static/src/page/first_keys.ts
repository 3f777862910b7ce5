// While the first steps ask for two keys: note that the list of keys, or the command bar, was opened, by whichever way.
const DIALOGS: Record<string, string> = { keys: "sheet", commands: "bar" };

function onToggle(event: Event): void {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return;
  const what = DIALOGS[dialog.id];
  if (what && document.querySelector("[data-first-keys]")) void note(what);
}

async function note(what: string): Promise<void> {
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  const asked = { method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin" } as const;
  const answer = await fetch(`/first-steps/tried/${what}`, asked).catch(() => null);
  if (!answer?.ok) return;
  const badge = document.querySelector<HTMLElement>(`[data-tried="${what}"]`);
  if (!badge) return;
  badge.textContent = badge.dataset["triedWord"] ?? "";
  badge.classList.replace("badge-ghost", "badge-success");
}

document.addEventListener("toggle", onToggle, { capture: true }); // dialogs tell it too, and it does not bubble
