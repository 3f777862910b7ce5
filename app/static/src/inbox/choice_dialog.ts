// What is chosen about a conversation on a page of its own, as a dialog over it: links with data-dialog. The browser keeps
// the focus inside and closes it by Escape; without scripts, and where the server is away, the link leads to the page.
import { reasonOf } from "../page/htmx_setup";
import { t } from "../page/words";
import { openConversation, partHeaders, swapInto } from "./regions";

let box: HTMLDialogElement | null = null;
let opener: HTMLElement | null = null;

document.addEventListener("click", (event) => {
  const link = (event.target as Element | null)?.closest<HTMLAnchorElement>("a[data-dialog]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  void open(link);
});

async function open(link: HTMLAnchorElement): Promise<void> {
  opener = link.closest("details")?.querySelector("summary") ?? link; // a menu is closed again by then
  link.closest("details")?.removeAttribute("open");
  box ??= build();
  if (box.dataset["address"] !== link.href || !isBegun(box)) {
    const response = await fetch(link.href, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
    if (!response?.ok) return location.assign(link.href);
    fill(box, await response.text());
    box.dataset["address"] = link.href;
  }
  if (!box.open) box.showModal();
}

/** Words that somebody wrote here before they closed it are still there. */
function isBegun(dialog: HTMLDialogElement): boolean {
  return [...dialog.querySelectorAll("textarea")].some((one) => one.value.trim());
}

function build(): HTMLDialogElement {
  const dialog = document.createElement("dialog");
  dialog.className = "choice-dialog";
  dialog.setAttribute("aria-labelledby", "choice-title");
  dialog.addEventListener("click", (event) => (event.target as Element).closest("[data-close]") && dialog.close());
  dialog.addEventListener("submit", (event) => void send(dialog, event));
  dialog.addEventListener("close", () => {
    const there = opener?.isConnected ? opener : document.querySelector<HTMLElement>(".conversation-head summary");
    there?.focus();
  });
  document.body.append(dialog);
  return dialog;
}

function fill(dialog: HTMLDialogElement, html: string): void {
  dialog.innerHTML = html; // our own server's fragment, escaped there
}

/** Send it as the page would; what is wrong is said in the dialog, and nothing that was typed is lost. */
async function send(dialog: HTMLDialogElement, event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = event.target as HTMLFormElement;
  const conversation = openConversation();
  const buttons = form.querySelectorAll("button");
  buttons.forEach((one) => (one.disabled = true));
  const since = performance.now();
  const response = await fetch(form.action, { method: "POST", body: new FormData(form), headers: partHeaders("pane"), credentials: "same-origin" }).catch(() => null);
  const text = (await response?.text().catch(() => "")) ?? "";
  buttons.forEach((one) => (one.disabled = false));
  if (response?.ok) {
    dialog.close();
    fill(dialog, ""); // what was sent is not there the next time
    if (openConversation() === conversation) await swapInto("pane", text, since);
    document.dispatchEvent(new CustomEvent("tributary:changed"));
  } else if (response?.status === 422 && response.headers.get("Content-Type")?.startsWith("text/html")) {
    fill(dialog, text);
  } else {
    refuse(form, response ? await reasonOf(response, text) : t("The server cannot be reached. What you did was not saved."));
  }
}

function refuse(form: HTMLFormElement, reason: string): void {
  const line = form.querySelector<HTMLElement>("[role=alert]");
  if (!line) return;
  line.textContent = reason;
  line.hidden = false;
}
