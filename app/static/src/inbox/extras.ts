// What a reply has besides its words: copies, a time to leave. Cleared once it is on its way, put back if it fails.
const TEXTS = ["cc", "bcc", "later_at"];
const TICKS = ["even_if_answered"];

export type Extras = Map<string, string>;

/** Empty the fields and return what stood in them. */
export function takeExtras(form: HTMLFormElement): Extras {
  const held: Extras = new Map();
  for (const name of TEXTS) {
    const input = field(form, name);
    if (input?.value) held.set(name, input.value);
    if (input) input.value = "";
  }
  for (const name of TICKS) {
    const input = field(form, name);
    if (input?.checked) held.set(name, "1");
    if (input) input.checked = false;
  }
  const copies = form.querySelector<HTMLDetailsElement>(".composer-cc");
  if (copies) copies.open = false;
  return held;
}

export function putBack(form: HTMLFormElement, held: Extras): void {
  for (const name of TEXTS) {
    const input = field(form, name);
    if (input && held.has(name)) input.value = held.get(name) ?? "";
  }
  for (const name of TICKS) {
    const input = field(form, name);
    if (input && held.has(name)) input.checked = true;
  }
  const copies = form.querySelector<HTMLDetailsElement>(".composer-cc");
  if (copies && (held.has("cc") || held.has("bcc"))) copies.open = true;
}

/** Reply all: everybody who got the customer's last message gets a copy, besides those named already. */
export function replyAll(form: HTMLFormElement, everybody: string): void {
  const input = field(form, "cc");
  const copies = form.querySelector<HTMLDetailsElement>(".composer-cc");
  if (!input || !copies) return;
  const named = input.value.split(",").map((one) => one.trim()).filter(Boolean);
  const more = everybody.split(",").map((one) => one.trim()).filter((one) => one && !named.includes(one));
  input.value = [...named, ...more].join(", ");
  copies.open = true;
}

function field(form: HTMLFormElement, name: string): HTMLInputElement | null {
  return form.querySelector<HTMLInputElement>(`input[name="${name}"]`);
}

/** The signature that is shown is the one of the address that the reply leaves with. */
document.addEventListener("change", (event) => {
  const chosen = event.target as HTMLSelectElement;
  if (!chosen.matches('.composer select[name="sender"]')) return;
  for (const one of chosen.form?.querySelectorAll<HTMLElement>(".composer-signed") ?? []) one.hidden = one.dataset["sender"] !== chosen.value;
});
