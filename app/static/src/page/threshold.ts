// <threshold-curve>: as the slider moves, the mark moves and the effect is said; the words come from the table's rows.
class ThresholdCurve extends HTMLElement {
  connectedCallback(): void {
    const slider = this.querySelector<HTMLInputElement>('input[type="range"]');
    slider?.addEventListener("input", () => this.show(slider.value));
  }

  private show(value: string): void {
    const threshold = Number(value);
    const row = this.querySelector<HTMLElement>(`[data-threshold="${threshold.toFixed(2)}"]`);
    const words = this.querySelector<HTMLElement>("#effect");
    if (words && row) words.textContent = row.dataset["effect"] ?? "";
    const mark = this.querySelector<SVGLineElement>(".curve-here");
    const width = mark?.ownerSVGElement?.viewBox.baseVal.width ?? 0;
    for (const end of ["x1", "x2"]) mark?.setAttribute(end, String(threshold * width));
  }
}

customElements.define("threshold-curve", ThresholdCurve);
