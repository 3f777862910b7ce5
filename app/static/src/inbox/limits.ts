import { t, tn } from "../page/words";

interface Counting {
  link: number; // how long a link counts
  single: [number, number][]; // characters that count once, all others twice
}

const LINK = /https?:\/\/[^\s]+/g;
const JOINER = "\u200d";

/** Count as connectors/text_length.py does. */
function weigh(text: string, rule: Counting): number {
  const links = text.match(LINK)?.length ?? 0;
  let [total, isJoined] = [links * rule.link, false];
  for (const sign of text.replace(LINK, "")) {
    if (!isSilent(sign) && !isJoined) total += rule.single.some(([low, high]) => within(sign, low, high)) ? 1 : 2;
    isJoined = sign === JOINER;
  }
  return total;
}

function isSilent(sign: string): boolean {
  return sign === JOINER || within(sign, 0xfe0e, 0xfe0f) || within(sign, 0x1f3fb, 0x1f3ff);
}

function within(sign: string, low: number, high: number): boolean {
  const code = sign.codePointAt(0) ?? 0;
  return code >= low && code <= high;
}

/** What of a file a channel may refuse. */
interface Weighed {
  name: string;
  size: number; // bytes
  type: string;
}

// What a channel takes, as the server said it in the composer's data: checked before anything is sent.
export class Limits {
  constructor(private readonly box: HTMLElement) {}

  /** Characters as the server counts them: code points, not halves of them; public ones as the provider does. */
  length(text: string): number {
    const rule = this.isPublic ? (this.box.dataset["counting"] ?? "") : "";
    return rule ? weigh(text, JSON.parse(rule) as Counting) : [...text].length;
  }

  /** What everybody reads has a limit of its own on some channels. */
  get longest(): number {
    return this.isPublic && this.box.dataset["longestPublic"] ? this.number("longestPublic") : this.number("longest");
  }

  private get isPublic(): boolean {
    const form = this.box.querySelector("form[data-public]");
    return form !== null && !form.querySelector('input[name="private"]:checked');
  }

  get accept(): string {
    return this.box.dataset["accept"] ?? "";
  }

  /** Why these files cannot leave, or "". */
  problemOf(files: Weighed[]): string {
    const most = this.number("mostFiles");
    const largest = this.number("largest");
    const total = files.reduce((sum, file) => sum + file.size, 0);
    const strange = files.find((file) => !this.takes(file));
    if (most && files.length > most) return tn("{channel} takes at most {count} file in one message. Take some off.", "{channel} takes at most {count} files in one message. Take some off.", most, { channel: this.who });
    if (strange) return t("{channel} does not take “{file}”. It takes {kinds}.", { channel: this.who, file: strange.name, kinds: this.accept.replaceAll(",", ", ") });
    if (largest && total > largest) return t("The files are {size} together; {channel} takes {most}. Take some off.", { size: size(total), channel: this.who, most: size(largest) });
    return "";
  }

  /** Why this text cannot leave, or "". */
  problemOfText(text: string): string {
    const over = this.longest ? this.length(text) - this.longest : 0;
    return over > 0 ? t("{channel} takes at most {most} characters. Shorten it by {over}.", { channel: this.who, most: this.longest, over }) : "";
  }

  private get who(): string {
    return this.box.dataset["label"] || t("This channel");
  }

  private number(name: string): number {
    return Number(this.box.dataset[name] ?? "0");
  }

  private takes(file: Weighed): boolean {
    if (!this.accept) return true;
    const type = file.type || "application/octet-stream";
    return this.accept.split(",").some((wanted) => {
      const one = wanted.trim().toLowerCase();
      return one.endsWith("/*") ? type.startsWith(one.slice(0, -1)) : one === type;
    });
  }
}

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
