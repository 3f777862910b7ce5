// A button that prints its page; without scripts the browser's own menu does.
document.addEventListener("click", (event) => {
  if ((event.target as Element | null)?.closest("[data-print]")) window.print();
});
