// The menu of macros: fetched when it opens. Without it, the menu holds a link to the page that lists them.
async function fill(menu: HTMLDetailsElement): Promise<void> {
  const sheet = menu.querySelector<HTMLElement>("[data-macros]");
  const address = sheet?.dataset["macros"];
  if (!sheet || !address) return;
  const response = await fetch(address, { credentials: "same-origin", headers: { "HX-Request": "true" } }).catch(() => null);
  const html = response?.ok ? await response.text().catch(() => null) : null;
  if (html === null || !menu.open) return; // the link that is there leads to the same
  sheet.innerHTML = html;
  sheet.querySelector<HTMLElement>("a")?.focus();
}

document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (menu instanceof HTMLDetailsElement && menu.open && menu.matches(".macro-menu")) void fill(menu);
  },
  true, // it does not bubble
);

/** Open the menu by a key; the cursor goes to its first macro. */
export function openMacros(): boolean {
  const menu = document.querySelector<HTMLDetailsElement>(".conversation-head .macro-menu");
  if (!menu) return false;
  menu.open = true;
  return true;
}
