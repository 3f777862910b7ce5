// What a page says while it has no connection.
import { language, t, tn } from "../page/words";

export const listWords = (time: string): string => t("Offline. You see the list as of {time}.", { time });

export const paneWords = (time: string): string => t("Offline. You see this conversation as of {time}.", { time });

export const composerWords = (): string => t("What you write is kept here and leaves when the connection is back.");

export const unsentWords = (count: number): string =>
  tn(
    "One message you wrote has not been sent yet. Signing out deletes it. Sign out?",
    "{count} messages you wrote have not been sent yet. Signing out deletes them. Sign out?",
    count,
  );

/** A time of day, with its date where it is not of today. */
export function clock(moment: string): string {
  const at = new Date(moment);
  const isToday = at.toDateString() === new Date().toDateString();
  const options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return at.toLocaleString(language(), isToday ? options : { ...options, day: "numeric", month: "short" });
}
