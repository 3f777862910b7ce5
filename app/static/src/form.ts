// A public form works without this; with it, a double click sends once, too large files are named before they travel,
// problems are brought into view, and an embedding page learns how high the form is.
import "../css/form.css";

const form = document.querySelector("form");

form?.addEventListener("submit", (event) => {
  if (tooLarge(form)) {
    event.preventDefault();
    return;
  }
  const button = form.querySelector<HTMLButtonElement>("button.send");
  if (button) button.disabled = true;
});

// a page that comes back by "Back" is ready to send again
addEventListener("pageshow", () => {
  const button = form?.querySelector<HTMLButtonElement>("button.send");
  if (button) button.disabled = false;
});

function tooLarge(of: HTMLFormElement): boolean {
  const input = of.querySelector<HTMLInputElement>("input[type=file]");
  const size = [...(input?.files ?? [])].reduce((sum, file) => sum + file.size, 0);
  const isTooLarge = size > Number(of.dataset["maxBytes"] ?? Infinity) - 100_000;
  const line = document.getElementById("files-problem");
  if (line && input) {
    line.textContent = isTooLarge ? (of.dataset["tooLarge"] ?? "") : "";
    input.setAttribute("aria-invalid", String(isTooLarge));
    if (isTooLarge) input.focus();
  }
  return isTooLarge;
}

document.getElementById("problems")?.focus();

if (window.parent !== window) {
  const tell = () =>
    // a height says nothing about anybody, so any website may hear it
    window.parent.postMessage({ mark: "tributary-form", height: document.documentElement.scrollHeight }, "*");
  new ResizeObserver(tell).observe(document.body);
  tell();
}
