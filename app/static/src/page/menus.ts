// Menus are <details class="drop">: they close on a click elsewhere, on Escape, and after a choice.
function openMenus(): HTMLDetailsElement[] {
  return [...document.querySelectorAll<HTMLDetailsElement>("details.drop[open]")];
}

document.addEventListener("click", (event) => {
  const target = event.target as Element | null;
  for (const menu of openMenus()) {
    const chosen = menu.contains(target) && target?.closest("button.menu-item, a.menu-item, .filter-foot *");
    if (!menu.contains(target)) menu.open = false;
    else if (chosen) setTimeout(() => (menu.open = false)); // after the form was sent
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector("summary")?.focus();
    event.stopPropagation();
  }
});
