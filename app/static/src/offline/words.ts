// What a page says while it has no connection, as whole sentences.
export const WORDS = {
  list: (time: string) => `Offline. You see the list as of ${time}.`,
  pane: (time: string) => `Offline. You see this conversation as of ${time}.`,
  composer: "What you write is kept here and leaves when the connection is back.",
  unsent: (count: number) =>
    count === 1
      ? "One message you wrote has not been sent yet. Signing out deletes it. Sign out?"
      : `${count} messages you wrote have not been sent yet. Signing out deletes them. Sign out?`,
} as const;

export function clock(moment: string): string {
  const at = new Date(moment);
  const isToday = at.toDateString() === new Date().toDateString();
  const options: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return at.toLocaleString(document.documentElement.lang, isToday ? options : { ...options, day: "numeric", month: "short" });
}
