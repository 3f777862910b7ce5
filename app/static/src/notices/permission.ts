// <notice-permission>: says whether this browser shows notices, and asks for it when somebody presses the button, never else.
import { t } from "../page/words";
import { chime } from "./chime";
import { show } from "./notices";

const WORDS: Record<NotificationPermission, () => string> = {
  granted: () => t("Notices are allowed on this device."),
  denied: () => t("This browser refuses notices from Tributary. Allow them in the browser's settings for this page, then load it again."),
  default: () => t("This device has not been asked yet."),
};

class NoticePermission extends HTMLElement {
  connectedCallback(): void {
    this.find("[data-allow]")?.addEventListener("click", () => void this.ask());
    this.find("[data-try]")?.addEventListener("click", () => {
      chime();
      show(t("This is how a notice looks"), t("Press it to come back here."), "try", "/settings/notices");
    });
    this.show();
  }

  private async ask(): Promise<void> {
    await Notification.requestPermission();
    this.show();
  }

  private show(): void {
    const words = this.find("[data-permission]");
    const given = "Notification" in window ? Notification.permission : null;
    if (words) words.textContent = given ? WORDS[given]() : t("This browser cannot show notices. The sound and the title still tell you.");
    const allow = this.find("[data-allow]");
    if (allow) allow.hidden = given !== "default";
    const trial = this.find("[data-try]");
    if (trial) trial.hidden = given !== "granted";
  }

  private find(selector: string): HTMLElement | null {
    return this.querySelector<HTMLElement>(selector);
  }
}

customElements.define("notice-permission", NoticePermission);
