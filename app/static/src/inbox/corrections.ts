// Correcting a message's labels: the sheet is fetched when it opens, and walked by keys.
import htmx from "htmx.org";

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (menu instanceof HTMLDetailsElement && menu.matches("details.correct")) void (menu.open ? fill(menu) : empty(menu));
  },
  true, // "toggle" does not bubble
);

/** Press a tool ("c" corrects, "y" says it is right) of the message in focus, else of the customer's newest. */
export function pressOfMessage(key: string): boolean {
  const inFocus = document.activeElement?.closest(".message") ?? null;
  const all = [...(inFocus ?? document).querySelectorAll<HTMLElement>(`.message-card [data-key="${key}"]`)];
  const control = all[all.length - 1];
  control?.click();
  return control !== undefined;
}

async function fill(menu: HTMLDetailsElement): Promise<void> {
  const sheet = sheetOf(menu);
  const address = menu.dataset["sheet"];
  if (!sheet || !address) return;
  place(menu, sheet);
  const response = await fetch(address, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
  if (!response?.ok || !menu.open) return;
  await htmx.swap({ text: await response.text(), target: sheet, sourceElement: sheet, swap: "innerHTML" });
  choices(sheet).find((choice) => choice.getAttribute("aria-pressed") === "true")?.focus();
}

/** Open to the side where there is more room inside the timeline. */
function place(menu: HTMLDetailsElement, sheet: HTMLElement): void {
  const box = menu.getBoundingClientRect();
  const room = menu.closest(".timeline")?.getBoundingClientRect() ?? document.documentElement.getBoundingClientRect();
  const above = box.top - room.top;
  const below = room.bottom - box.bottom;
  sheet.classList.toggle("menu-up", above > below);
  sheet.classList.toggle("menu-end", box.left > window.innerWidth / 2);
  sheet.style.maxHeight = `${Math.round(Math.max(above, below) - 16)}px`;
}

function empty(menu: HTMLDetailsElement): void {
  sheetOf(menu)?.replaceChildren();
}

function sheetOf(menu: HTMLDetailsElement): HTMLElement | null {
  return menu.querySelector<HTMLElement>(".correct-sheet");
}

function choices(sheet: HTMLElement): HTMLElement[] {
  return [...sheet.querySelectorAll<HTMLElement>("button, summary")].filter((choice) => choice.offsetParent !== null);
}

document.addEventListener("keydown", (event) => {
  const sheet = document.querySelector<HTMLElement>("details.correct[open] .correct-sheet");
  if (!sheet || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") step(sheet, event.key === "ArrowDown" ? 1 : -1);
  else if (/^[1-9]$/.test(event.key)) sheet.querySelector<HTMLElement>(`[data-digit="${event.key}"]`)?.click();
  else return;
  event.preventDefault();
});

function step(sheet: HTMLElement, by: number): void {
  const all = choices(sheet);
  const here = all.indexOf(document.activeElement as HTMLElement);
  all[(here + by + all.length) % all.length]?.focus();
}
