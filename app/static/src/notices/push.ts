// <push-browser>: lets this browser be told while no page of ours is open, by its maker's push service.
import { t } from "../page/words";

class PushBrowser extends HTMLElement {
  connectedCallback(): void {
    this.find("[data-push-join]")?.addEventListener("click", () => void this.join());
    document.querySelector("[data-push-leave]")?.closest("form")?.addEventListener("submit", () => void leave());
    this.show();
  }

  private async join(): Promise<void> {
    if ((await Notification.requestPermission()) !== "granted") {
      this.show();
      return;
    }
    try {
      await subscribe();
      location.reload(); // the socket says from now on that this browser has a page open
    } catch {
      this.say(t("This browser's push service cannot be reached. Try again later."));
    }
  }

  private show(): void {
    const isHere = document.querySelector("[data-push-here]") !== null;
    const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
    const button = this.find("[data-push-join]");
    if (button) button.hidden = !can || isHere || Notification.permission === "denied";
    if (!can) this.say(t("This browser cannot be told by push. On an iPhone or iPad, install the app first."));
    else if (Notification.permission === "denied") this.say(t("This browser refuses notices from Tributary: allow them in its settings first."));
    else this.say(isHere ? t("This browser tells you.") : t("This browser does not tell you yet."));
  }

  private say(words: string): void {
    const line = this.find("[data-push-state]");
    if (line) line.textContent = words;
  }

  private find(selector: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(selector);
  }
}

async function subscribe(): Promise<void> {
  const { key } = (await (await fetch("/settings/notices/push-key", { headers: { Accept: "application/json" } })).json()) as { key: string };
  const registration = await navigator.serviceWorker.ready;
  const old = await registration.pushManager.getSubscription();
  await old?.unsubscribe(); // it may be of another user, or of another key
  const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  const response = await fetch("/settings/notices/browsers", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(subscription),
  });
  if (!response.ok) throw new Error("refused");
}

async function leave(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration("/");
  await (await registration?.pushManager.getSubscription())?.unsubscribe();
}

customElements.define("push-browser", PushBrowser);
