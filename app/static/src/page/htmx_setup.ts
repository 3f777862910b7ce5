// htmx with the few rules of this product: what a person has opened stays open, refusals are said in words.
import htmx from "htmx.org";
import { say } from "./toast";
import { t } from "./words";

interface RequestContext {
  response?: { status: number; raw: Response };
  request: { method: string };
  text?: string;
  target?: Element;
  sourceElement?: Element;
}

export interface HtmxEvent extends CustomEvent {
  detail: { ctx: RequestContext; error?: unknown };
}

// a morph must not close what the reader opened, nor take away marks that only this browser knows
htmx.registerExtension("tributary", {
  htmx_before_morph_attr(element: Element, detail: { attrName: string }) {
    if (detail.attrName === "open" && element.matches("details, dialog")) return false;
    if (detail.attrName === "style" && element.matches("iframe, .rows-gap")) return false;
    return !detail.attrName.startsWith("data-kept-");
  },
});

export function isFailure(status: number): boolean {
  return status >= 400;
}

/** The sentence of a refused request: the server answers htmx in plain text. */
export async function reasonOf(response: Response, text?: string): Promise<string> {
  if (response.status === 401) return t("Your session has ended. Sign in again in another tab; your words are kept here.");
  const said = text ?? (await response.text().catch(() => ""));
  const plain = response.headers.get("Content-Type")?.startsWith("text/plain");
  return plain && said ? said : t("That did not work. Try again in a moment.");
}

document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = (event as HtmxEvent).detail;
  const response = ctx.response?.raw;
  if (!response || response.status === 401) return; // 401 leads to the sign-in page by itself
  void reasonOf(response, ctx.text).then((reason) => say(reason, "error"));
  if (response.status === 409) document.dispatchEvent(new CustomEvent("tributary:stale"));
});

document.addEventListener("htmx:error", (event) => {
  const { ctx, error } = (event as HtmxEvent).detail;
  if (!(error instanceof TypeError)) return;
  if (!ctx?.request?.method || ctx.request.method === "GET") say(t("The server cannot be reached."), "error");
  else say(t("The server cannot be reached. What you did was not saved."), "error", () => again(ctx.sourceElement));
});

/** Do once more what did not reach the server: its form as it stands, by the button that was pressed. */
function again(source: Element | undefined): void {
  if (!source?.isConnected) say(t("The page has changed since. Look again, then do it anew."));
  else if (source instanceof HTMLFormElement) source.requestSubmit(pressed.get(source));
  else if (source instanceof HTMLElement) source.click();
}

const pressed = new WeakMap<HTMLFormElement, HTMLElement | null>();

document.addEventListener("submit", (event) => pressed.set(event.target as HTMLFormElement, event.submitter), { capture: true });

document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = (event as HtmxEvent).detail;
  if (!ctx.request?.method || ctx.request.method === "GET") return;
  const form = ctx.sourceElement?.closest("form");
  form?.reset(); // to what the answer says is stored now
  const fold = form?.closest<HTMLDetailsElement>("details.fold, details.case");
  if (fold) fold.open = false;
  document.dispatchEvent(new CustomEvent("tributary:changed"));
});
