// The conversations opened lately in this browser, by their ids alone: the server says what they are called now, and
// whether the user may still see them.
const MOST = 8;

const name = () => `tributary:recent:${document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? ""}`;

export function remembered(): string[] {
  try {
    const ids: unknown = JSON.parse(localStorage.getItem(name()) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string" && /^[0-9a-f-]{36}$/.test(id)).slice(0, MOST) : [];
  } catch {
    return []; // no room, or not allowed here
  }
}

/** Return the conversation that is open now, "" for none. */
export function openNow(): string {
  return document.querySelector<HTMLElement>("conversation-view")?.dataset["conversation"] ?? "";
}

function remember(): void {
  const id = openNow();
  if (!id || remembered()[0] === id) return;
  try {
    localStorage.setItem(name(), JSON.stringify([id, ...remembered().filter((other) => other !== id)].slice(0, MOST)));
  } catch {
    return; // then nothing is remembered
  }
}

document.addEventListener("htmx:after:swap", remember);
remember();
