// Words that scripts say, in the reader's language: a page in another language than English loads them before its scripts.
// Mark a sentence by t("…") or tn("…", "…", count); docs/translations.md says how they are translated.
type Values = Record<string, string | number>;

declare global {
  var tributaryWords: { language: string; words: Record<string, string | string[]> } | undefined;
}

const CLDR = ["zero", "one", "two", "few", "many", "other"];

/** The language of the words, for Intl. */
export const language = (): string => globalThis.tributaryWords?.language ?? "en";

/** A sentence in the reader's language; {places} are filled. */
export function t(sentence: string, values: Values = {}): string {
  const said = globalThis.tributaryWords?.words[sentence];
  return filled(typeof said === "string" ? said : sentence, values);
}

/** A sentence that depends on a number, which stands in the place {count}. */
export function tn(one: string, many: string, count: number, values: Values = {}): string {
  const forms = globalThis.tributaryWords?.words[one];
  const said = Array.isArray(forms) ? forms[formOf(count, forms.length)] : undefined;
  return filled(said ?? (count === 1 ? one : many), { ...values, count });
}

function formOf(count: number, forms: number): number {
  if (forms === 1) return 0;
  const form = new Intl.PluralRules(language()).select(count);
  return forms === 2 ? Number(form !== "one") : Math.min(CLDR.indexOf(form), forms - 1);
}

function filled(template: string, values: Values): string {
  return template.replace(/\{([a-z_]+)\}/g, (place, name: string) => shown(values[name], place));
}

function shown(value: string | number | undefined, place: string): string {
  return typeof value === "number" ? value.toLocaleString(language()) : (value ?? place);
}
