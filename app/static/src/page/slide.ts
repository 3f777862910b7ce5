// <number-slide>: a number with a slider beside it. The number is what is sent; without this script there is no slider.
class NumberSlide extends HTMLElement {
  connectedCallback(): void {
    const number = this.querySelector<HTMLInputElement>('input[type="number"]');
    const slider = this.querySelector<HTMLInputElement>('input[type="range"]');
    if (!number || !slider) return;
    slider.hidden = false;
    slider.addEventListener("input", () => (number.value = slider.value));
    number.addEventListener("input", () => (slider.value = number.value || slider.min));
  }
}

customElements.define("number-slide", NumberSlide);
