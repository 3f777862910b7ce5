// How a chart says numbers and days: in the reader's language, with the digits that the table beside it has.
import { language } from "../page/words";

const locale = (): string => `${language() === "en" ? "en-GB" : language()}-u-nu-latn`;

/** A value of an axis; "" for what lies between two whole messages. */
export function sayValue(unit: string, value: number): string {
  if (unit === "share") return `${Math.round(value * 100)}%`;
  if (unit === "net") return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.round(Math.abs(value) * 100)}`;
  return Number.isInteger(value) ? value.toLocaleString(locale()) : "";
}

/** A value as the table has it: messages, or a share of them with one digit after the point. */
export function sayExactly(unit: string, value: number): string {
  if (unit !== "share") return value.toLocaleString(locale());
  return `${(value * 100).toLocaleString(locale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })}%`;
}

/** A day of the month, in a time zone. */
export function sayDay(at: Date, zone: string): string {
  return at.toLocaleDateString(locale(), { timeZone: zone, day: "numeric", month: "short" });
}
