// <press-itself>: a form whose button presses itself as soon as the page is there, once: codes that providers lead people
// back with are good for seconds. Without this script the button is there to be pressed; so it is for whoever comes back.
class PressItself extends HTMLElement {
  connectedCallback(): void {
    const [visit] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
    if (visit && visit.type !== "navigate") return;
    this.querySelector("form")?.requestSubmit();
  }
}

customElements.define("press-itself", PressItself);
