// The list of messages: elements are kept by key, so that a screen reader hears each message once and nothing flickers.
import { bytes, icon, linked, make } from "./dom";
import type { ChatFile, Line, Pending } from "./types";
import { words } from "./words";

interface Row {
  key: string;
  mark: string; // what the element was made of: equal marks need no new element
  build: () => HTMLElement;
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const TIME = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

export class Thread {
  readonly element = make("div", { class: "thread", role: "log", "aria-live": "polite", "aria-label": words.messages });
  private drawn = new Map<string, { mark: string; element: HTMLElement }>();

  constructor(private readonly retry: (clientId: string) => void) {}

  draw(greeting: string, lines: readonly Line[], pending: readonly Pending[]): void {
    const rows = [...greetingRow(greeting), ...this.lineRows(lines), ...this.pendingRows(lines, pending)];
    const next = new Map<string, { mark: string; element: HTMLElement }>();
    for (const row of rows) {
      const old = this.drawn.get(row.key);
      next.set(row.key, old?.mark === row.mark ? old : { mark: row.mark, element: row.build() });
    }
    for (const [key, { element }] of this.drawn) if (next.get(key)?.element !== element) element.remove();
    this.place([...next.values()].map(({ element }) => element));
    this.drawn = next;
  }

  /** Put elements in order and move only those that stand elsewhere. */
  private place(elements: HTMLElement[]): void {
    let here: ChildNode | null = this.element.firstChild;
    for (const element of elements) {
      if (here === element) here = here.nextSibling;
      else this.element.insertBefore(element, here);
    }
  }

  private lineRows(lines: readonly Line[]): Row[] {
    const rows: Row[] = [];
    lines.forEach((line, index) => {
      const before = lines[index - 1];
      if (!before || day(before.at) !== day(line.at)) rows.push(dayRow(line.at));
      const opens = !before || before.mine !== line.mine || before.author !== line.author || day(before.at) !== day(line.at);
      const after = lines[index + 1];
      const closes = !after || after.mine !== line.mine || after.author !== line.author;
      rows.push({
        key: line.client_id || line.id,
        mark: JSON.stringify([line.text, line.files, opens, closes]),
        build: () => bubble(line, opens, closes ? TIME.format(new Date(line.at)) : ""),
      });
    });
    return rows;
  }

  private pendingRows(lines: readonly Line[], pending: readonly Pending[]): Row[] {
    const last = lines.at(-1);
    const rows: Row[] = pending.length && (!last || day(last.at) !== day(pending[0]!.at)) ? [dayRow(pending[0]!.at)] : [];
    for (const one of pending) {
      rows.push({
        key: one.clientId,
        mark: JSON.stringify([one.text, one.state, one.reason]),
        build: () => this.pendingBubble(one),
      });
    }
    return rows;
  }

  private pendingBubble(one: Pending): HTMLElement {
    const note = make("p", { class: "note" });
    if (one.state === "failed") {
      const again = make("button", { type: "button", class: "link" }, words.again);
      again.addEventListener("click", () => this.retry(one.clientId));
      note.append(`${words.notSent}${one.reason ? `: ${one.reason}` : ""} `, again);
      note.classList.add("bad");
    } else {
      note.append(one.state === "waiting" ? words.waiting : one.state === "sending" ? words.sending : "");
    }
    const row = make("div", { class: `row mine closes ${one.state}` });
    if (one.text) row.append(make("p", { class: "bubble" }, ...linked(one.text)));
    for (const file of one.files) row.append(make("p", { class: "file" }, icon("file"), `${file.name} · ${bytes(file.size)}`));
    row.append(note);
    return row;
  }
}

function greetingRow(greeting: string): Row[] {
  if (!greeting) return [];
  const line = { mine: false, author: "", text: greeting, files: [] };
  return [{ key: "greeting", mark: greeting, build: () => bubble(line, true, "") }];
}

function dayRow(at: string): Row {
  const name = dayName(at);
  return { key: `day ${day(at)}`, mark: name, build: () => make("p", { class: "day" }, make("span", {}, name)) };
}

function bubble(line: Pick<Line, "mine" | "author" | "text" | "files">, opens: boolean, time: string): HTMLElement {
  const row = make("div", { class: `row ${line.mine ? "mine" : "theirs"}${opens ? " opens" : ""}${time ? " closes" : ""}` });
  const who = line.mine ? words.you : line.author || words.team;
  row.append(make("p", { class: opens && !line.mine ? "who" : "sr-only" }, who));
  if (line.text) row.append(make("p", { class: "bubble" }, ...linked(line.text)));
  for (const file of line.files) row.append(fileLink(file));
  if (time) row.append(make("p", { class: "note" }, time));
  return row;
}

function fileLink(file: ChatFile): HTMLElement {
  if (file.picture) {
    const image = make("img", { src: file.url, alt: file.name, loading: "lazy" });
    return make("a", { class: "picture", href: file.url, target: "_blank", rel: "noopener noreferrer" }, image);
  }
  const label = `${file.name} · ${bytes(file.size)}`;
  return make("a", { class: "file", href: file.url, download: file.name }, icon("file"), label);
}

function day(at: string): string {
  return new Date(at).toDateString();
}

function dayName(at: string): string {
  const moment = new Date(at);
  const yesterday = new Date();
  yesterday.setDate(yesterday.getDate() - 1);
  if (moment.toDateString() === new Date().toDateString()) return words.today;
  return moment.toDateString() === yesterday.toDateString() ? words.yesterday : DAY.format(moment);
}
