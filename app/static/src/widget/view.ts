// The panel: header, messages, the card that asks for an e-mail address, the composer. It decides nothing.
import { icon, make } from "./dom";
import type { Thread } from "./thread";
import type { Config } from "./types";
import { words } from "./words";

export interface Actions {
  close(): void;
  send(text: string, files: File[]): void;
  typing(): void;
  earlier(): void;
  askForEmail(): void;
  leaveEmail(email: string, name: string): void;
  notNow(): void;
}

const MAX_FILES = 10;

export class View {
  readonly input = make("textarea", { rows: "1", placeholder: words.write, "aria-label": words.writeLabel });
  private readonly state = make("p", { class: "state" });
  private readonly banner = make("p", { class: "banner", role: "status", hidden: "" });
  private readonly typing = make("div", { class: "typing", role: "status", hidden: "" });
  private readonly earlier = make("button", { type: "button", class: "link earlier", hidden: "" }, words.earlier);
  private readonly scroller = make("div", { class: "scroller", tabindex: "0" });
  private readonly card = make("section", { class: "card", hidden: "" });
  private readonly composer = make("form", { class: "composer" });
  private readonly picker = make("input", { type: "file", multiple: "", hidden: "", "aria-hidden": "true", tabindex: "-1" });
  private typingEnds = 0;

  constructor(
    root: HTMLElement,
    private readonly config: Config,
    thread: Thread,
    private readonly actions: Actions,
  ) {
    this.input.maxLength = config.maxText;
    this.scroller.append(this.earlier, thread.element, this.typing, this.card);
    this.earlier.addEventListener("click", () => actions.earlier());
    root.append(this.header(), this.banner, this.scroller, this.foot());
    addEventListener("keydown", (event) => {
      if (event.key === "Escape") actions.close();
    });
    this.acceptDrops(root);
  }

  focus(): void {
    this.input.focus();
  }

  setState(isAttended: boolean): void {
    this.state.textContent = isAttended ? words.online : words.away;
    this.state.classList.toggle("away", !isAttended);
  }

  setBanner(text: string): void {
    this.banner.textContent = text;
    this.banner.hidden = !text;
  }

  setEarlier(hasMore: boolean): void {
    this.earlier.hidden = !hasMore;
  }

  /** Close the chat for good on this page: nothing of anybody is shown. */
  refuse(): void {
    this.setBanner(words.refused);
    this.composer.hidden = this.scroller.hidden = true;
  }

  allow(): void {
    this.composer.hidden = this.scroller.hidden = false;
  }

  isAtEnd(): boolean {
    return this.scroller.scrollHeight - this.scroller.scrollTop - this.scroller.clientHeight < 80;
  }

  toEnd(): void {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Do something that grows the list at its top without moving what is being read. */
  steadily(change: () => void): void {
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    change();
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }

  showTyping(name: string): void {
    const follow = this.isAtEnd();
    const dots = make("span", { class: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i"));
    this.typing.replaceChildren(dots, make("span", { class: "sr-only" }, words.typing(name || words.team)));
    this.typing.hidden = false;
    clearTimeout(this.typingEnds);
    this.typingEnds = window.setTimeout(() => this.hideTyping(), 6_000);
    if (follow) this.toEnd();
  }

  hideTyping(): void {
    clearTimeout(this.typingEnds);
    this.typing.hidden = true;
    this.typing.replaceChildren();
  }

  /** Tells whether the question for an address is being answered: it is not taken away then. */
  isAskingForEmail(): boolean {
    const inputs = [...this.card.querySelectorAll("input")];
    return inputs.some((input) => input.value !== "" || input === document.activeElement);
  }

  hideCard(): void {
    this.card.hidden = true;
    this.card.replaceChildren();
  }

  showEmailCard(problem = "", given = { email: "", name: "" }, isAsked = false): void {
    if (!problem && this.card.querySelector("form")) return;
    const email = make("input", { type: "email", required: "", autocomplete: "email", id: "email", maxlength: "254" });
    const name = make("input", { type: "text", autocomplete: "name", id: "name", maxlength: "200" });
    email.value = given.email;
    name.value = given.name;
    const later = make("button", { type: "button", class: "plain" }, words.notNow);
    later.addEventListener("click", () => this.actions.notNow());
    const form = make(
      "form",
      {},
      make("label", { for: "email" }, words.email),
      email,
      make("label", { for: "name" }, words.name),
      name,
      make("p", { class: "problem", role: "alert" }, problem),
      make("div", { class: "choices" }, make("button", { class: "strong" }, words.keep), later),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.actions.leaveEmail(email.value, name.value);
    });
    this.card.replaceChildren(make("p", {}, icon("mail"), words.byMailWhy), form);
    this.card.hidden = false;
    if (problem || isAsked) email.focus();
    this.toEnd();
  }

  showKeptEmail(email: string): void {
    const change = make("button", { type: "button", class: "link" }, words.change);
    change.addEventListener("click", () => this.actions.askForEmail());
    this.card.replaceChildren(make("p", {}, icon("mail"), `${words.kept(email)} `, change));
    this.card.hidden = false;
  }

  private header(): HTMLElement {
    const byMail = make("button", { type: "button", class: "round", title: words.byMail, "aria-label": words.byMail }, icon("mail"));
    byMail.addEventListener("click", () => this.actions.askForEmail());
    const close = make("button", { type: "button", class: "round", title: words.close, "aria-label": words.close }, icon("down"));
    close.addEventListener("click", () => this.actions.close());
    const title = make("div", { class: "title" }, make("h1", {}, this.config.title), this.state);
    return make("header", {}, title, byMail, close);
  }

  private foot(): HTMLElement {
    const attach = make("button", { type: "button", class: "round", title: words.attach, "aria-label": words.attach }, icon("clip"));
    attach.addEventListener("click", () => this.picker.click());
    const send = make("button", { class: "round strong", title: words.send, "aria-label": words.send }, icon("send"));
    this.composer.append(attach, this.input, this.picker, send);
    this.composer.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit([]);
    });
    this.picker.addEventListener("change", () => {
      this.submit([...(this.picker.files ?? [])]);
      this.picker.value = "";
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit([]);
    });
    this.input.addEventListener("input", () => {
      this.fit();
      this.actions.typing();
    });
    this.input.addEventListener("paste", (event) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!files.length) return;
      event.preventDefault();
      this.submit(files);
    });
    return this.composer;
  }

  private acceptDrops(root: HTMLElement): void {
    root.addEventListener("dragover", (event) => event.preventDefault());
    root.addEventListener("drop", (event) => {
      event.preventDefault();
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length) this.submit(files);
    });
  }

  private submit(files: File[]): void {
    const text = this.input.value.trim();
    if (!text && !files.length) return;
    const size = files.reduce((sum, file) => sum + file.size, 0);
    const problem =
      text.length > this.config.maxText
        ? words.tooLong(this.config.maxText)
        : files.length > MAX_FILES
          ? words.tooMany
          : size > this.config.maxFileBytes
            ? words.tooLarge
            : "";
    this.setBanner(problem);
    if (problem) return;
    this.input.value = "";
    this.fit();
    this.actions.send(text, files);
  }

  private fit(): void {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 140)}px`;
  }
}
