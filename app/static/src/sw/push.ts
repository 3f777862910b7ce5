// What the server pushes while no page of ours is open. The page that is open and live tells by itself.
import { worker } from "./build";

interface Pushed {
  title: string;
  text: string;
  key: string;
  address: string;
}

export async function draw(data: PushMessageData | null): Promise<void> {
  const pushed = data?.json() as Pushed | undefined;
  if (!pushed) return;
  const pages = await worker.clients.matchAll({ type: "window" });
  if (pages.some((page) => page.focused)) return; // somebody looks: the page says it
  await worker.registration.showNotification(pushed.title, {
    body: pushed.text,
    tag: pushed.key, // the page tells the same under the same tag: one replaces the other
    icon: "/static/icons/icon-192.png",
    badge: "/static/icons/badge-96.png",
    data: { address: pushed.address },
  });
}

/** Open what a notice is about: in a page that is open, else in a new one. */
export async function follow(notice: Notification): Promise<void> {
  notice.close();
  const { address } = notice.data as { address: string };
  const pages = await worker.clients.matchAll({ type: "window" });
  const page = pages.find((each) => each.focused) ?? pages[0];
  if (!page) {
    await worker.clients.openWindow(address);
    return;
  }
  page.postMessage({ open: address });
  await page.focus();
}

/** Give the subscription up: whoever signs in next is somebody else. */
export async function unsubscribe(): Promise<void> {
  const subscription = await worker.registration.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}
