// Signing out leaves nothing of a user in this browser: neither what they read nor what they wrote.
import { waiting } from "../inbox/outbox";
import { unsentWords } from "./words";

const LONGEST_MS = 3000; // then the server's answer matters more
const OURS = /^(draft|outbox|tributary:recent):/; // drafts, what waits to be sent, the commands used last

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.getAttribute("action") !== "/sign-out") return;
  event.preventDefault();
  const unsent = waiting().length;
  if (unsent && !confirm(unsentWords(unsent))) return;
  void leave().then(() => form.submit());
});

function wipe(): void {
  for (const key of Object.keys(localStorage)) {
    if (OURS.test(key)) localStorage.removeItem(key);
  }
}

async function leave(): Promise<void> {
  wipe();
  addEventListener("pagehide", wipe, { once: true }); // an answer that came in meanwhile may have written again
  void navigator.clearAppBadge?.().catch(() => undefined);
  const worker = navigator.serviceWorker?.controller;
  if (!worker) return;
  const { port1, port2 } = new MessageChannel();
  await new Promise<void>((resolve) => {
    port1.onmessage = () => resolve();
    setTimeout(resolve, LONGEST_MS);
    worker.postMessage({ leave: true }, [port2]);
  });
}
