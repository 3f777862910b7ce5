// Optimistic sending: the bubble is there at once, and becomes the stored message (they share the client key).
import { reasonOf } from "../page/htmx_setup";
import { handBack, keep, take, waiting, type Waiting } from "./outbox";
import { abandon, openConversation, partHeaders, swapInto } from "./regions";
import { t } from "../page/words";

interface Outgoing {
  form: HTMLFormElement;
  button: HTMLButtonElement | null;
  template: HTMLTemplateElement | null;
  kind: "reply" | "note";
}

interface Outcome {
  failed(reason: string): void;
  changed(html: string): void; // somebody wrote meanwhile: this says what
}

/** The server cannot be reached: what was written waits until it can. */
class Away extends Error {}

/** The server shows what came in since the reply was begun, instead of sending it. */
class Meanwhile extends Error {}

const CONFLICT = 409;

// bubbles on their way: a refresh that does not know them yet must not take them away
const pending = new Map<string, { conversation: string; bubble: HTMLElement | null }>();

export function send(outgoing: Outgoing, outcome: Outcome): Promise<void> | null {
  const data = new FormData(outgoing.form, outgoing.button);
  const key = String(data.get("client_key") ?? "");
  const conversation = openConversation();
  if (!key || !conversation || pending.has(key)) return null;
  const address = outgoing.button?.formAction || outgoing.form.action;
  const bubble = data.get("later") ? null : makeBubble(outgoing, key, String(data.get("text") ?? ""));
  pending.set(key, { conversation, bubble });
  if (bubble) place(bubble);
  return post(address, data, conversation).then(
    () => finish(key, null, outcome),
    (problem: Error) => {
      if (problem instanceof Away && wait(outgoing, address, key, conversation, data)) pending.delete(key);
      else finish(key, problem, outcome);
    },
  );
}

/** Keep it to be sent later; false for files, which are kept in the composer only. */
function wait(outgoing: Outgoing, address: string, key: string, conversation: string, data: FormData): boolean {
  const all = [...data.entries()];
  if (all.some(([, value]) => value instanceof File && value.size > 0)) return false;
  const fields = all.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return keep({ key, conversation, address, kind: outgoing.kind, text: String(data.get("text") ?? ""), fields, at: Date.now() });
}

async function post(address: string, data: FormData, conversation: string): Promise<void> {
  abandon("pane"); // what it fetches was made before this reply
  const since = performance.now();
  try {
    const text = await answered(address, data);
    if (openConversation() === conversation) await swapInto("pane", text, since);
  } catch (problem) {
    document.dispatchEvent(new CustomEvent("tributary:missed", { detail: { part: "pane" } })); // what was given up
    throw problem;
  }
  document.dispatchEvent(new CustomEvent("tributary:changed"));
}

/** Return the pane that the server answers with; throws what kept the words from leaving. */
async function answered(address: string, body: FormData): Promise<string> {
  let response: Response;
  try {
    response = await fetch(address, { method: "POST", body, headers: partHeaders("pane"), credentials: "same-origin" });
  } catch {
    throw new Away(t("The server cannot be reached. Your words are kept here; send them again."));
  }
  const isHtml = response.headers.get("Content-Type")?.startsWith("text/html");
  if (response.status === CONFLICT && isHtml) throw new Meanwhile(await response.text());
  if (!response.ok) throw new Error(await reasonOf(response));
  return response.text();
}

function finish(key: string, problem: Error | null, outcome: Outcome): void {
  const held = pending.get(key);
  pending.delete(key);
  if (problem === null) return;
  if (held?.bubble?.isConnected && !held.bubble.dataset["message"]) held.bubble.remove();
  if (openConversation() !== held?.conversation) return;
  if (problem instanceof Meanwhile) outcome.changed(problem.message);
  else outcome.failed(problem.message);
}

function makeBubble(outgoing: Pick<Outgoing, "template" | "kind">, key: string, text: string): HTMLElement | null {
  const copy = outgoing.template?.content.cloneNode(true) as DocumentFragment | undefined;
  const bubble = copy?.querySelector<HTMLElement>("article") ?? null;
  if (!bubble) return null;
  bubble.id = `k-${key}`;
  bubble.classList.add("is-pending");
  if (outgoing.kind === "note") bubble.classList.replace("message-out", "message-note");
  const words = bubble.querySelector(".message-text");
  if (words) words.textContent = text || "(files)";
  return bubble;
}

function place(bubble: HTMLElement): void {
  const timeline = document.querySelector("conversation-view .timeline-inner");
  timeline?.append(bubble);
  bubble.scrollIntoView({ block: "end" });
}

/** What waits for the connection stands in its conversation, and can be taken back. */
function showWaiting(): void {
  const template = document.querySelector<HTMLTemplateElement>("composer-box template.pending-message");
  const all = waiting();
  for (const gone of document.querySelectorAll<HTMLElement>("article.is-waiting:not([data-message])")) {
    if (!all.some((one) => `k-${one.key}` === gone.id)) gone.remove();
  }
  for (const one of all.filter((each) => each.conversation === openConversation())) {
    const there = document.getElementById(`k-${one.key}`);
    const bubble = there ?? makeBubble({ template, kind: one.kind }, one.key, one.text);
    if (!bubble || bubble.dataset["message"] || bubble.classList.contains("is-waiting")) continue;
    bubble.classList.add("is-waiting");
    bubble.append(waitingLine(one));
    if (!there) place(bubble);
  }
}

function waitingLine(one: Waiting): HTMLElement {
  const line = document.createElement("p");
  line.className = "message-waiting";
  line.setAttribute("role", "status");
  line.append(t("Not sent yet: it leaves when the connection is back."), " ");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool tool-line";
  button.textContent = t("Take back");
  button.addEventListener("click", () => {
    const taken = take(one.key);
    if (taken) handBack({ waiting: taken, reason: "", news: "" });
  });
  line.append(button);
  return line;
}

document.addEventListener("tributary:waiting", showWaiting);

document.addEventListener("tributary:refreshed", () => {
  const here = openConversation();
  for (const [key, { conversation, bubble }] of pending) {
    if (bubble && conversation === here && !document.getElementById(`k-${key}`)) place(bubble);
  }
  showWaiting();
});
