// One visit: joins server, memory and view. The history is the truth; what is not in it yet is pending.
import { Memory } from "./memory";
import { Outbox } from "./outbox";
import { Refused, Server, type Listener } from "./server";
import { Thread } from "./thread";
import type { Answer, Config, History, Identity, Line, Pending } from "./types";
import { View } from "./view";
import { words } from "./words";

const LOOK_AGAIN_MS = [300, 1_000, 2_500, 6_000, 15_000];
const SIGN_OF_LIFE_MS = 25_000;
const TYPING_EVERY_MS = 2_500;

export interface Surroundings {
  page(): string;
  close(): void;
  unread(count: number): void;
}

export class Chat implements Listener {
  private readonly server: Server;
  private readonly thread = new Thread((clientId) => this.outbox.retry(clientId));
  private readonly view: View;
  private memory: Memory;
  private outbox: Outbox;
  private token = "";
  private identity: Identity | null = null;
  private lines: Line[] = [];
  private now: Pick<History, "status" | "attended" | "known"> = { status: null, attended: true, known: false };
  private hasEarlier: boolean | null = null; // null until the first page of the history
  private isOpen = false;
  private saysNotNow = false;
  private visit = 0; // goes up when somebody else is meant: what still comes for the one before is dropped
  private typedAt = 0;
  private hiddenAt = 0;
  private refusals = 0;

  constructor(
    root: HTMLElement,
    private readonly config: Config,
    private readonly around: Surroundings,
  ) {
    this.server = new Server(config.channel);
    this.memory = memoryOf(config.channel, null);
    this.outbox = this.newOutbox();
    this.view = new View(root, config, this.thread, {
      close: () => around.close(),
      send: (text, files) => this.send(text, files),
      typing: () => this.typing(),
      earlier: () => void this.earlier(),
      askForEmail: () => this.view.showEmailCard("", { email: this.memory.email ?? "", name: "" }, true),
      leaveEmail: (email, name) => void this.leaveEmail(email, name),
      notNow: () => {
        this.saysNotNow = true;
        this.view.hideCard();
        this.draw();
      },
    });
    addEventListener("online", () => void this.fetch());
    document.addEventListener("visibilitychange", () => this.visibilityChanged());
    setInterval(() => this.signOfLife(), SIGN_OF_LIFE_MS);
  }

  /** Begin, or begin anew as somebody else: a customer the website vouches for, or (null) whoever uses this browser. */
  async start(identity: Identity | null): Promise<void> {
    const visit = ++this.visit;
    this.server.leave();
    this.identity = identity;
    this.memory = memoryOf(this.config.channel, identity);
    this.token = "";
    this.lines = [];
    this.outbox = this.newOutbox();
    this.hasEarlier = null;
    this.view.allow();
    this.draw();
    await this.enter(visit);
  }

  opened(): void {
    this.isOpen = true;
    this.view.toEnd();
    this.view.focus();
    this.read();
    this.signOfLife();
  }

  closed(): void {
    this.isOpen = false;
  }

  connected(): void {
    this.refusals = 0;
    this.view.setBanner("");
    void this.fetch();
    void this.outbox.flush();
  }

  disconnected(): void {
    this.view.setBanner(words.offline);
  }

  /** The server let us in no longer: the token is too old, or the channel is closed. Ask for a new one, slowly. */
  refused(): void {
    const visit = this.visit;
    this.view.setBanner(words.broken);
    setTimeout(() => {
      if (visit !== this.visit) return;
      void this.enter(visit);
    }, Math.min(5_000 * 2 ** this.refusals++, 300_000));
  }

  poked(): void {
    this.view.hideTyping();
    void this.fetch();
  }

  agentTyping(name: string): void {
    this.view.showTyping(name);
  }

  private async enter(visit: number): Promise<void> {
    try {
      const token = this.memory.token ?? (await this.server.greet(this.identity));
      if (visit !== this.visit) return;
      this.token = token;
      if (!this.identity) this.memory.set({ token });
      await this.fetch();
      if (visit === this.visit) this.server.connect(this.token, this);
    } catch (error) {
      if (visit === this.visit) this.couldNotEnter(error);
    }
  }

  private couldNotEnter(error: unknown): void {
    if (error instanceof Refused) this.view.refuse();
    else this.refused();
  }

  private async fetch(): Promise<void> {
    const visit = this.visit;
    if (!this.token) return;
    try {
      const page = await this.server.history(this.token);
      if (visit === this.visit) this.take(page);
    } catch (error) {
      if (visit === this.visit && error instanceof Refused) this.beginAnew();
    }
  }

  /** Our token is not good any more: a customer gets a fresh one from the signature, everybody else a new visit. */
  private beginAnew(): void {
    this.token = "";
    this.memory.forgetToken();
    this.server.leave();
    this.refused();
  }

  private take(page: History): void {
    const follow = this.view.isAtEnd();
    const first = page.messages[0];
    const older = first ? this.lines.slice(0, Math.max(0, this.lines.findIndex((line) => line.id === first.id))) : [];
    const isNews = page.messages.at(-1)?.id !== this.lines.at(-1)?.id;
    this.lines = [...older, ...page.messages];
    this.hasEarlier = older.length ? this.hasEarlier : page.more;
    this.now = page;
    this.outbox.settle(new Set(this.lines.map((line) => line.client_id)));
    this.draw();
    if (isNews && (follow || page.messages.at(-1)?.mine)) this.view.toEnd();
    if (isNews && page.messages.at(-1)?.mine === false) this.view.hideTyping();
    this.read();
  }

  private async earlier(): Promise<void> {
    const first = this.lines[0];
    if (!first) return;
    const page = await this.server.history(this.token, first.id).catch(() => null);
    if (!page || this.lines[0] !== first) return;
    this.lines = [...page.messages, ...this.lines];
    this.hasEarlier = page.more;
    this.view.steadily(() => this.draw());
  }

  private send(text: string, files: File[]): void {
    this.typedAt = 0; // what is typed next is told at once
    this.outbox.add(text, files);
    this.view.toEnd();
    void this.outbox.flush();
  }

  /** What was stored appears in the history a moment later. */
  private lookAgain(): void {
    for (const wait of LOOK_AGAIN_MS) {
      setTimeout(() => {
        if (!this.outbox.hasStored()) return;
        this.signOfLife();
        void this.fetch();
      }, wait);
    }
    setTimeout(() => this.signOfLife(), 1_500);
  }

  private newOutbox(): Outbox {
    const isOurs = () => outbox === this.outbox;
    const outbox: Outbox = new Outbox(this.memory, {
      deliver: (one) => this.deliver(one),
      canSend: () => isOurs() && this.server.isConnected,
      changed: () => isOurs() && this.draw(),
      stored: () => isOurs() && this.lookAgain(),
    });
    return outbox;
  }

  private deliver(one: Pending): Promise<Answer> {
    const page = this.around.page();
    return one.files.length
      ? this.server.upload(this.token, one.clientId, one.text, one.files, page)
      : this.server.say("message", { client_id: one.clientId, text: one.text, page });
  }

  private draw(): void {
    this.thread.draw(this.greeting(), this.lines, this.outbox.pending);
    this.view.setState(this.now.attended);
    this.view.setEarlier(this.hasEarlier ?? false);
    if (this.server.isConnected) this.view.setBanner(this.now.status === "resolved" ? words.resolved : "");
    this.drawCard();
  }

  private greeting(): string {
    if (this.hasEarlier) return "";
    return this.now.attended ? this.config.greeting : this.config.away || this.config.greeting;
  }

  private drawCard(): void {
    const hasWritten = this.outbox.pending.length > 0 || this.lines.some((line) => line.mine);
    if (this.now.known || this.view.isAskingForEmail()) return;
    if (this.memory.email) this.view.showKeptEmail(this.memory.email);
    else if (hasWritten && !this.now.attended && !this.saysNotNow) this.view.showEmailCard();
    else this.view.hideCard();
  }

  private async leaveEmail(email: string, name: string): Promise<void> {
    const answer = await this.server.say("identify", { email, name });
    if (!answer.ok) {
      this.view.showEmailCard(answer.reason || words.offline, { email, name });
      return;
    }
    this.memory.set({ email: email.trim() });
    this.view.showKeptEmail(email.trim());
    this.view.focus();
  }

  private typing(): void {
    const moment = Date.now();
    if (moment - this.typedAt < TYPING_EVERY_MS) return;
    this.typedAt = moment;
    this.server.signal("typing");
  }

  private read(): void {
    const answers = this.lines.filter((line) => !line.mine);
    if (this.isOpen && document.visibilityState === "visible") {
      const last = answers.at(-1);
      if (last) this.memory.set({ readUpTo: last.id });
      this.around.unread(0);
      return;
    }
    const place = answers.findIndex((line) => line.id === this.memory.readUpTo);
    this.around.unread(answers.length - place - 1);
  }

  private visibilityChanged(): void {
    if (document.visibilityState === "hidden") {
      this.hiddenAt = Date.now();
      return;
    }
    this.signOfLife();
    this.read();
    if (Date.now() - this.hiddenAt > 10_000) void this.fetch();
  }

  /** A page nobody looks at is not "here": answers then go by mail. */
  private signOfLife(): void {
    if (document.visibilityState === "visible") this.server.signal("seen");
  }
}

/** A known customer leaves nothing behind once this tab is closed: the next person here may be somebody else. */
function memoryOf(channel: string, identity: Identity | null): Memory {
  const name = `tributary-chat:${channel}`;
  return identity
    ? new Memory(`${name}:${identity.user.id}`, () => sessionStorage)
    : new Memory(name, () => localStorage);
}
