// Files of what is being written. Each goes to the server when it is added, and lies with the draft there until it is sent
// or taken off. What the server has not got (no connection) stays here, and leaves with the form.
import { idsIn, pictureOf, shownAt } from "../composer/pictures";
import { reasonOf } from "../page/htmx_setup";
import { t } from "../page/words";
import { waiting } from "./outbox";

/** One file: `id` is the server's, "" before it is stored; `cid` says where a picture stands, "" where it is attached. */
export interface Kept {
  readonly key: string; // names its upload: twice is once
  readonly name: string;
  readonly size: number; // bytes
  readonly type: string;
  readonly cid: string;
  readonly file: File | null; // null: only the server has it
  id: string;
  state: "new" | "storing" | "away" | "refused" | "stored";
  share: number; // of its bytes that have left, 0 to 1
  isSeen: boolean; // on the server's list: missing there, it was sent or taken off elsewhere
}

export interface Around {
  /** Whether the channel takes what is there: else it waits here until something was taken off. */
  mayStore(): boolean;
  changed(): void;
  progressed(): void;
  refused(reason: string): void;
}

const AGAIN_MS = 10_000;
const LARGEST = 50_000_000; // bytes that the server takes at once (app/factory.py); more would cut the connection
const LATER = [401, 408, 429]; // signed out, or too busy: not refused

export class DraftFiles {
  all: Kept[] = [];
  private readonly gone = new Map<string, Kept | null>(); // what left with words, null for what was taken off; by id
  private readonly unsaid = new Set<string>(); // ids taken off while the server was away
  private job: Promise<void> | null = null;

  constructor(
    private readonly box: HTMLElement,
    private readonly around: Around,
  ) {
    box.addEventListener("draft-drawn", () => this.follow(box));
    document.addEventListener("tributary:live", this.onLive);
  }

  /** What the server stores now; null where nothing is on its way. */
  get storing(): Promise<void> | null {
    return this.job;
  }

  add(file: File, cid = ""): void {
    if (file.size > LARGEST) return this.around.refused(t("That is more than 50 MB. Send a smaller file, or a link to it."));
    const key = crypto.randomUUID().replaceAll("-", "");
    const type = file.type || "application/octet-stream";
    this.all.push({ key, name: file.name, size: file.size, type, cid, file, id: "", state: "new", share: 0, isSeen: false });
    this.around.changed();
    this.store();
  }

  remove(one: Kept): void {
    this.all = this.all.filter((other) => other !== one);
    if (one.id) void this.takeOff(one.id);
    this.around.changed();
    this.store(); // what was one too many before may be taken now
  }

  /** What leaves with these words is no longer of this draft, unless it is given back. */
  take(text: string): Kept[] {
    const pictures = idsIn(text);
    const going = this.all.filter((one) => !one.cid || pictures.includes(one.cid));
    this.all = this.all.filter((one) => !going.includes(one));
    for (const one of going) if (one.id) this.gone.set(one.id, one);
    this.around.changed();
    return going;
  }

  giveBack(back: Kept[]): void {
    for (const one of back) this.gone.delete(one.id);
    this.all.push(...back.filter((one) => !this.all.includes(one)));
    this.around.changed();
    if (back.some((one) => one.id)) void this.read(); // it may have been refused because one of them is gone
  }

  /** Files of a reply that waited for the connection are the draft's again. */
  giveBackIds(ids: string[]): void {
    this.giveBack(ids.flatMap((id) => this.gone.get(id) ?? []));
    for (const id of ids) this.gone.delete(id);
    if (ids.length) void this.read(); // this page may never have had them
  }

  /** Say in the form which stored files go along, and put in those that only this page has. */
  intoForm(form: HTMLFormElement, text: string): void {
    form.querySelectorAll(".composer-along").forEach((one) => one.remove());
    const attached = this.all.filter((one) => !one.cid);
    const pictures = idsIn(text);
    const stored = this.all.filter((one) => one.id && (!one.cid || pictures.includes(one.cid)));
    const own = this.all.filter((one) => one.file && !one.id);
    const loose = pictures.filter((cid) => pictureOf(cid) && !stored.some((one) => one.cid === cid));
    form.append(...stored.map((one) => hidden("draft_file", one.id)), ...own.map((one) => hidden("file_key", one.key)));
    form.append(...loose.map((cid) => hidden("picture_id", cid)), filesInput("picture", loose.flatMap((cid) => pictureOf(cid) ?? [])));
    form.append(filesInput("files", attached.flatMap((one) => (one.id ? [] : (one.file ?? [])))));
  }

  /** Tell whether a picture that words name can be sent. */
  hasPicture(cid: string): boolean {
    return pictureOf(cid) !== undefined || this.all.some((one) => one.cid === cid && one.id);
  }

  /** Ask the server what it has. */
  async read(): Promise<void> {
    const response = await fetch(`${this.conversation}/drafts`, { credentials: "same-origin" }).catch(() => null);
    if (response?.ok) this.follow(new DOMParser().parseFromString(await response.text(), "text/html"));
  }

  get conversation(): string {
    return `/conversations/${this.box.dataset["conversation"] ?? ""}`;
  }

  private get address(): string {
    return `${this.conversation}/draft/files`;
  }

  /** Take over what the server has: files of a page that was left, or of another tab. */
  private follow(drawn: ParentNode): void {
    if (!drawn.querySelector(".drafts-found")) return;
    const told = [...drawn.querySelectorAll<HTMLDataElement>(".draft-file")];
    this.all = this.all.filter((one) => !one.isSeen || told.some((other) => other.value === one.id));
    for (const one of told) this.meet(one);
    document.dispatchEvent(new CustomEvent("tributary:pictures"));
    this.around.changed();
  }

  private meet(told: HTMLDataElement): void {
    const { key = "", name = "", type = "", size = "0", cid = "" } = told.dataset;
    const id = told.value;
    if (cid) shownAt(cid, `${this.address}/${id}?show=1`);
    if (this.gone.has(id) || isWaiting(id)) return;
    const here = this.all.find((one) => one.key === key);
    if (here) Object.assign(here, { id, state: "stored", isSeen: true });
    else this.all.push({ key, name, size: Number(size), type, cid, file: null, id, state: "stored", share: 1, isSeen: true });
  }

  /** Store what is not stored yet, one after the other. */
  private store(): void {
    this.job ??= this.run().finally(() => {
      this.job = null;
      this.around.changed();
      if (this.all.some((one) => one.state === "away")) window.setTimeout(() => this.box.isConnected && this.again(), AGAIN_MS);
    });
  }

  private async run(): Promise<void> {
    await Promise.resolve(); // several that were added at once are judged together
    for (let next = this.next(); next; next = this.next()) await this.storeOne(next);
  }

  private next(): Kept | undefined {
    return this.box.isConnected && this.around.mayStore() ? this.all.find((one) => one.file && one.state === "new") : undefined;
  }

  private async storeOne(one: Kept): Promise<void> {
    one.state = "storing";
    const told = (share: number): void => {
      one.share = share;
      this.around.progressed();
    };
    told(0);
    const response = await upload(this.address, this.form(one), told).catch(() => null);
    const words = response ? await response.text() : "";
    const isLater = !response || response.status >= 500 || LATER.includes(response.status);
    if (response?.ok) this.stored(one, words);
    else if (isLater) one.state = "away";
    else this.refuse(one, await reasonOf(response, words));
  }

  private stored(one: Kept, id: string): void {
    Object.assign(one, { id, state: "stored", share: 1 });
    if (!this.all.includes(one)) void this.takeOff(id); // meanwhile
  }

  /** A file is taken off again; a picture stays where it stands, and is refused once more when it is to leave. */
  private refuse(one: Kept, reason: string): void {
    one.state = "refused";
    if (!one.cid) this.all = this.all.filter((other) => other !== one);
    this.around.changed();
    this.around.refused(reason);
  }

  private form(one: Kept): FormData {
    const data = new FormData();
    const [kind, key] = ['input[name="kind"]:checked', 'input[name="client_key"]'].map((place) => this.box.querySelector<HTMLInputElement>(place)?.value ?? "");
    data.set("csrf_token", token());
    data.set("kind", kind ?? "");
    data.set("client_key", key ?? "");
    data.set("key", one.key);
    data.set("content_id", one.cid);
    data.set("file", one.file as File);
    return data;
  }

  private async takeOff(id: string): Promise<void> {
    this.gone.set(id, null);
    this.unsaid.add(id);
    const data = new FormData();
    data.set("csrf_token", token());
    const response = await fetch(`${this.address}/${id}/remove`, { method: "POST", body: data, credentials: "same-origin" }).catch(() => null);
    if (response && response.status < 500) this.unsaid.delete(id);
  }

  /** The connection is back: say and store what could not be. */
  private readonly onLive = (event: Event): void => {
    if (!this.box.isConnected) document.removeEventListener("tributary:live", this.onLive);
    else if ((event as CustomEvent<{ state: string }>).detail.state === "live") {
      for (const id of this.unsaid) void this.takeOff(id);
      this.again();
    }
  };

  private again(): void {
    for (const one of this.all) if (one.state === "away") one.state = "new";
    this.store();
  }
}

/** Send a form, and tell which share of it has left (fetch does not say). Rejects where the server cannot be reached. */
function upload(address: string, data: FormData, told: (share: number) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.addEventListener("progress", (event) => event.lengthComputable && told(event.loaded / event.total));
    request.addEventListener("load", () => {
      const headers = { "Content-Type": request.getResponseHeader("Content-Type") ?? "" };
      resolve(new Response(request.responseText, { status: request.status, headers }));
    });
    for (const end of ["error", "abort", "timeout"]) request.addEventListener(end, () => reject(new Error(end)));
    request.open("POST", address);
    request.send(data);
  });
}

/** Tell whether a file leaves with a reply that waits in this browser for the connection. */
function isWaiting(id: string): boolean {
  return waiting().some((one) => one.fields.some(([name, value]) => name === "draft_file" && value === id));
}

function token(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
}

function hidden(name: string, value: string): HTMLInputElement {
  return Object.assign(document.createElement("input"), { type: "hidden", name, value, className: "composer-along" });
}

function filesInput(name: string, files: File[]): HTMLInputElement {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  const input = Object.assign(document.createElement("input"), { type: "file", name, multiple: true, hidden: true, className: "composer-along" });
  input.files = transfer.files;
  return input;
}
