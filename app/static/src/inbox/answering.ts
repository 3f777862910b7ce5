// Which of the customer's messages is answered: picked with a press on it, shown in the composer, public or not.
import { focusComposer } from "./composer";

document.addEventListener("click", (event) => {
  const press = (event.target as Element | null)?.closest<HTMLElement>("[data-answer]");
  const form = document.querySelector<HTMLFormElement>("composer-box form.composer");
  if (!press || !form?.querySelector('input[name="answers"]') || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  const message = press.closest<HTMLElement>(".message");
  answer(form, press.dataset["answer"] ?? "", message?.querySelector(".message-text")?.textContent ?? "", press.hasAttribute("data-public"));
  focusComposer("reply");
});

function answer(form: HTMLFormElement, id: string, words: string, isPublic: boolean): void {
  const field = form.querySelector<HTMLInputElement>('input[name="answers"]');
  if (field) field.value = id;
  const what = form.querySelector<HTMLElement>(".answering-what");
  const quote = what?.querySelector("q");
  if (what) what.hidden = !id;
  if (quote) quote.textContent = words.trim().slice(0, 200) || "a message without text";
  const drop = what?.querySelector<HTMLElement>("[data-answer]");
  if (drop) drop.hidden = isPublic;
  form.toggleAttribute("data-public", isPublic);
  const told = form.querySelector<HTMLInputElement>('input[name="public"]');
  if (told) told.value = isPublic ? "1" : "0"; // the server refuses a reply that is more public than was shown
}

/** After a reply has left, the next one answers nothing in particular; a public thread stays one. */
export function forgetAnswered(form: HTMLFormElement): void {
  if (!form.hasAttribute("data-public")) answer(form, "", "", false);
}
