// The window's title: how much is unread, and what is open.
import { t } from "../page/words";
import { badge } from "./badge";

const PRODUCT = "Tributary";

class Title {
  private name = "";

  set conversation(name: string) {
    this.name = name;
    this.show();
  }

  show(): void {
    const source = document.getElementById("unread");
    if (!source) return;
    const unread = Number(source.dataset["unread"] ?? "0");
    const list = document.querySelector(".list-title h1")?.textContent?.trim() ?? t("Inbox");
    badge(unread);
    document.title = `${unread ? `(${unread}) ` : ""}${this.name ? `${this.name} · ` : ""}${list} · ${PRODUCT}`;
  }
}

export const title = new Title();

document.addEventListener("tributary:refreshed", () => title.show());
document.addEventListener("htmx:after:swap", () => title.show());
