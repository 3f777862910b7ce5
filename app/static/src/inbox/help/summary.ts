// What a long conversation says, on click, between its header and its timeline.
import { Question } from "./asking";
import { openMessage } from "./message_link";

class ConversationSummary extends HTMLElement {
  private question: Question | null = null;

  connectedCallback(): void {
    this.button.addEventListener("click", this.onClick);
    this.text.addEventListener("click", openMessage);
  }

  disconnectedCallback(): void {
    this.question?.stop();
  }

  private get button(): HTMLElement {
    return this.querySelector(".helper") as HTMLElement;
  }

  private get text(): HTMLElement {
    return this.querySelector(".summary-text") as HTMLElement;
  }

  private readonly onClick = (): void => {
    const isOpen = this.button.getAttribute("aria-expanded") === "true";
    this.button.setAttribute("aria-expanded", String(!isOpen));
    this.text.hidden = isOpen;
    this.question?.stop();
    if (isOpen) return;
    this.question = new Question((answer) => this.text.replaceChildren(answer));
    void this.question.ask(this.dataset["conversation"] ?? "", "summary");
  };
}

customElements.define("conversation-summary", ConversationSummary);
