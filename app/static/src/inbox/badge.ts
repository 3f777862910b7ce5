// How much is unread, on the tab's icon and on the icon of the installed app.
const MOST = 99;
const ICON = '<rect width="32" height="32" rx="8" fill="#1d63d8"/><path d="M9 7c0 5 2 7 4.5 9s2.5 4 2.5 9M23 7c0 5-2 7-4.5 9-1.700 1.400-2.300 2.600-2.500 4M16 7v5" fill="none" stroke="#fff" stroke-width="2.600" stroke-linecap="round"/>';
const FONT = 'font-family="system-ui, sans-serif" font-weight="700" font-size="15" text-anchor="middle" fill="#fff"';

const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
const plain = link?.href ?? "";
let shown = 0;

/** Show a count of unread conversations, or none. */
export function badge(unread: number): void {
  if (unread === shown) return;
  shown = unread;
  if (link) link.href = unread ? drawn(unread) : plain;
  if (!("setAppBadge" in navigator)) return;
  const done = unread ? navigator.setAppBadge(unread) : navigator.clearAppBadge();
  void done.catch(() => undefined); // only installed apps have an icon of their own
}

function drawn(unread: number): string {
  const count = unread > MOST ? `${MOST}+` : String(unread);
  const half = 6 + count.length * 3;
  const place = `<rect x="${32 - 2 * half}" y="12" width="${2 * half}" height="20" rx="10" fill="#c81e1e"/><text x="${32 - half}" y="27.5" ${FONT}>${count}</text>`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${ICON}${place}</svg>`)}`;
}
