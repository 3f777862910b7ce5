// A page without a connection says so, and from when what it shows is.
import { openConversation, refresh, refreshList } from "../inbox/regions";
import { clock, composerWords, listWords, paneWords } from "./words";

const keptAt = document.querySelector<HTMLMetaElement>('meta[name="kept-at"]')?.content ?? "";
const times: { list: string; pane: string } = { list: keptAt, pane: "" };

/** The parts were kept, not fetched: say from when. */
export function mark(part: "list" | "pane", at: string): void {
  times[part] = at;
  show();
}

function show(): void {
  const said = [times.pane && openConversation() ? paneWords(clock(times.pane)) : times.list && listWords(clock(times.list))];
  const line = document.getElementById("kept-line");
  if (!line || !said[0]) return;
  if (openConversation()) said.push(composerWords());
  const words = said.join(" ");
  if (line.textContent !== words) line.textContent = words;
  line.hidden = false;
}

/** A kept list is the page of every conversation: what its address names is fetched into it. */
function open(): void {
  if (!keptAt) return;
  show();
  if (/^\/inbox\/c\//.test(location.pathname)) void refresh("pane", location.pathname + location.search);
  void refreshList();
}

document.addEventListener("tributary:live", (event) => {
  if ((event as CustomEvent<{ state: string }>).detail.state !== "live") return;
  times.list = times.pane = "";
  const line = document.getElementById("kept-line");
  if (line) line.hidden = true;
});

for (const shown of ["tributary:refreshed", "htmx:after:swap"]) document.addEventListener(shown, show);
document.addEventListener("DOMContentLoaded", open);
