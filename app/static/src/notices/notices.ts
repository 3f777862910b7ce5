// Notices of what a customer wrote, or a colleague: a note, a mention, or what they handed over, while nobody looks. Pokes name conversations; what to say
// of them is fetched, for the server knows who may see what, and when somebody wants quiet.
import { openAddress } from "../offline/registration";
import { tn } from "../page/words";
import { chime } from "./chime";
import { Speaker } from "./speaker";

interface Notice {
  key: string;
  conversation: string;
  title: string;
  text: string;
}

interface News {
  sound: boolean;
  notices: Notice[];
}

const HEARD = new Set(["message.received", "conversation.changed", "note.written", "reply.queued"]);
const GATHER_MS = 700; // what arrives within is told together
const MOST = 50; // conversations asked about at once
const BEFORE_GONE_S = 30; // a poke may have been lost before the socket knew

const user = document.querySelector<HTMLMetaElement>('meta[name="user"]')?.content ?? "";
const speaker = user && "locks" in navigator ? new Speaker(user) : null;
const named = new Set<string>();
let goneSince = 0;
let away = 0; // seconds
let timer = 0;

document.addEventListener("tributary:poke", (event) => {
  const { name, conversation } = (event as CustomEvent<{ name: string; conversation?: string }>).detail;
  if (!HEARD.has(name) || !conversation) return;
  named.add(conversation);
  gather();
});

document.addEventListener("tributary:live", (event) => {
  const { state } = (event as CustomEvent<{ state: string }>).detail;
  if (state !== "live") goneSince ||= Date.now();
  else if (goneSince) {
    away = Math.ceil((Date.now() - goneSince) / 1000) + BEFORE_GONE_S;
    goneSince = 0;
    gather();
  }
});

function gather(): void {
  if (timer) return;
  speaker?.ask();
  timer = window.setTimeout(() => void tell(), GATHER_MS);
}

async function tell(): Promise<void> {
  timer = 0;
  const asked = [...named].slice(0, MOST);
  const seconds = away;
  for (const one of asked) named.delete(one);
  away = 0;
  if (named.size) gather();
  if (!speaker?.speaks) return;
  const query = new URLSearchParams(asked.map((one) => ["c", one]));
  if (seconds) query.set("away", String(seconds));
  const news = await fetchNews(query);
  const fresh = news?.notices.filter((one) => speaker.isNew(one.key)) ?? [];
  speaker.tell(fresh.map((one) => one.key));
  const unseen = fresh.filter((one) => !speaker.isLookedAt(one.conversation));
  if (!news || !unseen.length) return;
  if (news.sound) chime();
  draw(unseen);
}

async function fetchNews(query: URLSearchParams): Promise<News | null> {
  try {
    const response = await fetch(`/notices?${query}`, { credentials: "same-origin", headers: { Accept: "application/json" } });
    return response.ok ? ((await response.json()) as News) : null;
  } catch {
    return null; // the connection is away: once it is back, what was missed is asked for
  }
}

/** One is told in its own words, several are counted. */
function draw(news: Notice[]): void {
  const [first] = news;
  if (!first) return;
  if (news.length === 1) show(first.title, first.text, first.key, `/inbox/c/${first.conversation}`);
  else show(tn("{count} conversation has news", "{count} conversations have news", news.length), news.map((one) => one.title).join("\n"), "many", "/inbox");
}

/** Drawn by the service worker where there is one: what it draws by push bears the same tag, and takes its place. */
export function show(title: string, body: string, tag: string, address: string): void {
  if (!("Notification" in window) || Notification.permission !== "granted") return;
  const options = { body, tag, icon: "/static/icons/icon-192.png", data: { address } };
  if (navigator.serviceWorker?.controller) {
    void navigator.serviceWorker.ready.then((registration) => registration.showNotification(title, options));
    return;
  }
  try {
    const notice = new Notification(title, options);
    notice.addEventListener("click", () => {
      notice.close();
      window.focus();
      openAddress(address);
    });
  } catch (problem) {
    if (!(problem instanceof TypeError)) throw problem; // some phones show notices of installed apps only
  }
}
