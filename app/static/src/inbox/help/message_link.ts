// Leads from words in an answer to the message they stand in.

export function openMessage(event: Event): void {
  const link = (event.target as HTMLElement).closest<HTMLElement>("[data-message-link]");
  if (!link) return;
  event.preventDefault();
  const id = CSS.escape(link.dataset["messageLink"] ?? "");
  const message = document.querySelector<HTMLElement>(`conversation-view [data-message="${id}"]`);
  if (message) show(message);
  else further(link.dataset["messageLink"] ?? "");
}

/** Load more of the conversation: the message stands further up than this page reaches. */
function further(id: string): void {
  const here = new URL(location.href);
  here.searchParams.set("messages", "500");
  here.hash = `m-${id}`;
  location.href = here.href;
}

function show(message: HTMLElement): void {
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  message.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  message.classList.add("is-pointed-at");
  setTimeout(() => message.classList.remove("is-pointed-at"), 2000);
}
