// The chat inside its frame. Who the visitor is, is decided once the website around it has said hello.
import "../css/widget.css";
import { Chat } from "./widget/chat";
import { hear, isAllowed, post, type ToFrame } from "./widget/host";
import type { Config } from "./widget/types";

const config = JSON.parse(document.getElementById("config")!.textContent!) as Config;
const root = document.getElementById("chat")!;
const isFramed = window.parent !== window;
let website = ""; // origin of the page around us, once it has said hello
let page = "";
let identified: string | null = null;

const chat = new Chat(root, config, {
  page: () => page,
  close: () => website && post(window.parent, website, { type: "close" }),
  unread: (count) => website && post(window.parent, website, { type: "unread", count }),
});

function heard(message: ToFrame, origin: string): void {
  if (message.type === "opened") chat.opened();
  else if (message.type === "closed") chat.closed();
  else if (message.type === "hello") {
    website = origin;
    page = String(message.page).slice(0, 500);
    const who = JSON.stringify(message.identity);
    if (who !== identified) void chat.start(message.identity);
    identified = who;
    if (message.isOpen) chat.opened();
  }
}

if (isFramed) {
  const trusted = [...config.websites, location.origin];
  hear<ToFrame>(
    () => window.parent,
    (origin) => isAllowed(origin, trusted),
    heard,
  );
  // says nothing about anybody, so any website may hear it; what follows goes to the one that answered
  post(window.parent, "*", { type: "ready" });
} else {
  void chat.start(null);
  chat.opened();
}
