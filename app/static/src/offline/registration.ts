// The service worker and this page: it is started, asked to check what it keeps, and heard.
import { mark } from "./shown";

type Said = { kept: "list" | "pane"; at: string } | { open: string };

const isOurs = document.querySelector('meta[name="user"]') !== null;

function hear({ data }: MessageEvent<Said>): void {
  if ("kept" in data) mark(data.kept, data.at);
  else if ("open" in data) openAddress(data.open);
}

/** The row in the list opens it without a new page; elsewhere the page goes there. */
export function openAddress(address: string): void {
  const row = document.querySelector<HTMLElement>(`#rows a.row[href^="${CSS.escape(address)}"]`);
  if (row && address !== "/inbox") row.click();
  else location.assign(address);
}

function recheck(how: "now" | "doubted"): void {
  navigator.serviceWorker.controller?.postMessage({ recheck: how });
}

if ("serviceWorker" in navigator && isOurs) {
  navigator.serviceWorker.addEventListener("message", hear);
  window.addEventListener("load", () => {
    // without a worker everything works but reading offline
    void navigator.serviceWorker.register("/service-worker.js", { scope: "/" }).catch(() => undefined);
  });
  document.addEventListener("tributary:live", (event) => {
    if ((event as CustomEvent<{ state: string }>).detail.state === "live") recheck("now"); // what it missed meanwhile
  });
  document.addEventListener("tributary:poke", (event) => {
    if ((event as CustomEvent<{ name: string }>).detail.name === "access.changed") recheck("doubted");
  });
}
