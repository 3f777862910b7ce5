// All emoji with their names in the reader's language, as build.mjs writes them from emojibase: fetched once.

/** Sign, group, name, other words it is found by, the name between colons. */
export type Entry = [sign: string, group: number, name: string, words: string, code: string];

export interface List {
  groups: string[];
  all: Entry[];
}

const UNSPACED = /[\u3040-\u30ff\u4e00-\u9fff]/; // Japanese has no blanks between words

let fetched: Promise<List> | null = null;

export function list(address: string): Promise<List> {
  fetched ??= fetch(address, { credentials: "same-origin" }).then((response) => {
    if (!response.ok) throw new Error(`the list of emoji: ${response.status}`);
    return response.json() as Promise<List>;
  });
  fetched.catch(() => (fetched = null)); // asked again the next time
  return fetched;
}

/** The sign of a name that stood between colons, "" for none. */
export async function named(address: string, code: string): Promise<string> {
  const { all } = await list(address);
  return all.find((entry) => entry[4] === code)?.[0] ?? "";
}

/** What is found by these words: names that begin with them first. */
export function find(all: Entry[], typed: string): Entry[] {
  const words = typed.toLowerCase().split(/[\s_:]+/).filter(Boolean);
  const rank = ([, , name, more, code]: Entry): number => {
    const text = ` ${name} ${code.replaceAll("_", " ")} ${more}`.toLowerCase();
    if (!words.every((word) => text.includes(UNSPACED.test(word) ? word : ` ${word}`))) return 3;
    return name.toLowerCase().startsWith(words[0] ?? "") ? 0 : text.indexOf(` ${words[0] ?? ""}`) < name.length ? 1 : 2;
  };
  return all.map((entry) => [rank(entry), entry] as const).filter(([at]) => at < 3).sort((one, two) => one[0] - two[0]).map(([, entry]) => entry);
}
