// Older messages come while the reader scrolls up, above what is in sight: the box is laid out from its end, so nothing
// moves. Past MOST messages the link opens a page of its own, and this page stays as large as it is.
import htmx from "htmx.org";
import { partHeaders } from "./regions";

const PAGE = 80; // messages that the server sends
const MOST = 500; // messages of one page: as many as a live refresh asks for
const NEAR_PX = 600; // fetched before the link comes into sight

let busy = false;

// "scroll" does not bubble, so it is caught on its way down
document.addEventListener(
  "scroll",
  (event) => {
    if (event.target instanceof HTMLElement && event.target.matches("conversation-view .timeline")) look(event.target);
  },
  { capture: true, passive: true },
);

/** Load what is older where the link to it is in sight, or nearly. */
function look(timeline: HTMLElement): void {
  const link = timeline.querySelector<HTMLAnchorElement>("a.earlier");
  if (busy || !link || !hasRoom(timeline)) return;
  if (link.getBoundingClientRect().bottom > timeline.getBoundingClientRect().top - NEAR_PX) void load(link);
}

document.addEventListener("click", (event) => {
  const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("conversation-view .timeline a.earlier");
  const timeline = link?.closest<HTMLElement>(".timeline");
  if (!link || !timeline || !hasRoom(timeline) || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!busy) void load(link);
});

function hasRoom(timeline: HTMLElement): boolean {
  return timeline.querySelectorAll(".message[data-message]").length + PAGE <= MOST;
}

async function load(link: HTMLAnchorElement): Promise<void> {
  let isThere = true;
  busy = true;
  link.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(link.href, { headers: partHeaders("pane"), credentials: "same-origin" });
    if (response.ok) isThere = put(link, await response.text());
  } catch {
    // the network is away: the next scroll, or a press, tries again
  } finally {
    link.removeAttribute("aria-busy");
    busy = false;
  }
  const timeline = document.querySelector<HTMLElement>("conversation-view .timeline");
  if (!isThere && timeline) look(timeline); // nobody may scroll again
}

/** Put what was said before above the rest; false where a refresh drew all anew meanwhile, with a link of its own. */
function put(link: HTMLAnchorElement, text: string): boolean {
  const inner = link.isConnected ? link.closest<HTMLElement>(".timeline-inner") : null;
  const came = new DOMParser().parseFromString(text, "text/html").getElementById(inner?.id ?? "");
  if (!inner || !came) return link.isConnected;
  const hadFocus = document.activeElement === link;
  const added = [...came.children].filter(isNew).map((one) => document.importNode(one, true));
  for (const heading of added.filter((one) => one.matches(".day"))) document.getElementById(heading.id)?.remove();
  link.replaceWith(...added);
  for (const one of added) htmx.process(one);
  if (hadFocus) inner.querySelector<HTMLElement>("a.earlier, a, button")?.focus({ preventScroll: true });
  return true;
}

/** A page of older messages also tells what was done later, which stands here already. */
function isNew(one: Element): boolean {
  const named = one.matches(".line-undo") ? one.previousElementSibling : one;
  return !named?.id || named.matches(".day") || !document.getElementById(named.id);
}
