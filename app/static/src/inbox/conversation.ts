// The open conversation: where it is scrolled to, whether it was read, and who else is looking at it.
import { signal, watch } from "./live";
import { openConversation } from "./regions";
import { title } from "./title";
import { Watchers } from "./watchers";

const NEAR_BOTTOM = 80; // pixels that still count as being at the end
const ANNOUNCE_MS = 15_000;

class ConversationView extends HTMLElement {
  private wasAtBottom = true;
  private lookedAt: { id: string; top: number } | null = null;
  private newest: string | null = null;
  private timer = 0;
  private watchers: Watchers | null = null;

  connectedCallback(): void {
    const id = this.dataset["conversation"] ?? "";
    this.watchers = new Watchers(this, id);
    this.newest = this.newestMessage();
    watch(id);
    markRow(id);
    title.conversation = this.dataset["title"] ?? "";
    this.markRead();
    this.timer = window.setInterval(() => !document.hidden && signal("viewing"), ANNOUNCE_MS);
    this.querySelector(".timeline")?.addEventListener("scroll", this.onScroll, { passive: true });
    this.querySelector(".new-below")?.addEventListener("click", () => this.toBottom());
    document.addEventListener("tributary:before-refresh", this.beforeRefresh);
    document.addEventListener("tributary:refreshed", this.afterRefresh);
    document.addEventListener("visibilitychange", this.onVisible);
  }

  disconnectedCallback(): void {
    window.clearInterval(this.timer);
    this.watchers?.stop();
    document.removeEventListener("tributary:before-refresh", this.beforeRefresh);
    document.removeEventListener("tributary:refreshed", this.afterRefresh);
    document.removeEventListener("visibilitychange", this.onVisible);
    if (!openConversation()) {
      watch(null);
      title.conversation = "";
      markRow("");
    }
  }

  toBottom(): void {
    this.timeline().scrollTop = 0; // the box is laid out from its end
    this.pill(false);
  }

  private timeline(): HTMLElement {
    return this.querySelector<HTMLElement>(".timeline") ?? this;
  }

  private isAtBottom(): boolean {
    return Math.abs(this.timeline().scrollTop) < NEAR_BOTTOM;
  }

  /** What the reader is looking at, and how far below the edge it stands. */
  private anchor(): { id: string; top: number } | null {
    const edge = this.timeline().getBoundingClientRect().top;
    for (const item of this.querySelectorAll<HTMLElement>(".timeline-inner > [id]")) {
      const { bottom, top } = item.getBoundingClientRect();
      if (bottom > edge) return { id: item.id, top: top - edge };
    }
    return null;
  }

  private keep(anchor: { id: string; top: number } | null): void {
    const item = anchor && document.getElementById(anchor.id);
    if (!item) return;
    const timeline = this.timeline();
    timeline.scrollTop += item.getBoundingClientRect().top - timeline.getBoundingClientRect().top - anchor.top;
  }

  private newestMessage(): string | null {
    const all = this.querySelectorAll<HTMLElement>(".message[data-message]");
    return all[all.length - 1]?.dataset["message"] ?? null;
  }

  private readonly beforeRefresh = (): void => {
    this.wasAtBottom = this.isAtBottom();
    this.lookedAt = this.wasAtBottom ? null : this.anchor();
  };

  private readonly afterRefresh = (event: Event): void => {
    markRow(this.dataset["conversation"] ?? "");
    if ((event as CustomEvent<{ part: string }>).detail.part !== "pane") return;
    const newest = this.newestMessage();
    const isNew = newest !== this.newest;
    this.newest = newest;
    if (this.wasAtBottom) this.toBottom();
    else this.keep(this.lookedAt);
    if (!this.wasAtBottom && isNew) this.pill(true);
    if (isNew) this.markRead();
  };

  private readonly onScroll = (): void => {
    if (this.isAtBottom()) this.pill(false);
  };

  private readonly onVisible = (): void => {
    if (!document.hidden) this.markRead();
  };

  private pill(isShown: boolean): void {
    this.querySelector(".new-below")?.toggleAttribute("hidden", !isShown);
  }

  /** A GET cannot write, so reading is said separately, and only while somebody can see the page. */
  private markRead(): void {
    if (document.hidden || !this.hasAttribute("data-unread")) return;
    const token = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
    const headers = { "X-CSRFToken": token, "HX-Request": "true" };
    const address = `/conversations/${this.dataset["conversation"]}/reading`;
    void fetch(address, { method: "POST", headers, credentials: "same-origin", keepalive: true })
      .then((response) => {
        if (!response.ok) return;
        this.removeAttribute("data-unread");
        document.dispatchEvent(new CustomEvent("tributary:changed"));
      })
      .catch(() => undefined); // said again with the next message, or when the page is shown again
  }
}

/** Mark the open conversation's row in the list. */
export function markRow(id: string): void {
  for (const row of document.querySelectorAll<HTMLElement>("#rows .row")) {
    if (row.dataset["row"] === id) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

customElements.define("conversation-view", ConversationView);
