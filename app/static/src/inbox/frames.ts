// Formatted mail stands in a sandboxed frame without scripts; the page around it gives the frame its height.
const TALLEST = 4000;

function fit(frame: HTMLIFrameElement): void {
  const body = frame.contentDocument?.documentElement;
  if (body) frame.style.height = `${Math.min(TALLEST, Math.max(80, body.scrollHeight + 2))}px`;
}

// "load" does not bubble, so it is caught on its way down
document.addEventListener(
  "load",
  (event) => {
    if (event.target instanceof HTMLIFrameElement && event.target.matches(".html-frame")) {
      const frame = event.target;
      fit(frame);
      setTimeout(() => fit(frame), 400); // after its pictures
    }
  },
  true,
);
document.addEventListener(
  "toggle",
  (event) => {
    const frame = (event.target as Element).querySelector<HTMLIFrameElement>(":scope > .html-frame");
    if (frame) setTimeout(() => fit(frame), 50);
  },
  true,
);
