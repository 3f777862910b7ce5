// <template-form>: an approved template reads as it will with what is typed into its fields.
import { t } from "../page/words";

class TemplateForm extends HTMLElement {
  connectedCallback(): void {
    this.addEventListener("input", () => this.show());
    this.show();
  }

  /** A template that was sent may be sent again: as another reply. */
  renew(): void {
    const key = this.querySelector<HTMLInputElement>('input[name="client_key"]');
    if (key) key.value = crypto.randomUUID().replaceAll("-", "");
    this.show();
  }

  private show(): void {
    for (const mark of this.querySelectorAll<HTMLElement>("mark[data-number]")) {
      const number = mark.dataset["number"] ?? "";
      const field = this.querySelector<HTMLInputElement>(`input[data-number="${number}"]`);
      mark.textContent = field?.value || t("Value {number}", { number });
      mark.classList.toggle("is-filled", Boolean(field?.value));
    }
  }
}

document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = (event as CustomEvent<{ ctx: { sourceElement?: Element } }>).detail;
  const form = ctx.sourceElement?.closest<TemplateForm>("template-form");
  if (form) setTimeout(() => form.renew()); // after the form was reset
});

customElements.define("template-form", TemplateForm);
