// What crosses the wire, as app/web/webchat.py and app/sockets/webchat.py write it.
export interface Config {
  channel: string;
  title: string;
  greeting: string;
  away: string;
  websites: string[];
  maxText: number;
  maxFileBytes: number;
}

export interface ChatFile {
  id: string;
  name: string;
  size: number;
  picture: boolean;
  url: string;
}

export interface Line {
  id: string;
  mine: boolean;
  author: string;
  text: string;
  at: string;
  client_id: string;
  files: ChatFile[];
}

export interface History {
  messages: Line[];
  more: boolean;
  status: string | null;
  attended: boolean;
  known: boolean;
}

export interface User {
  id: string;
  email: string;
  name?: string;
}

/** A customer the website vouches for: its server signed `id|email`. */
export interface Identity {
  user: User;
  signature: string;
}

/** What was written and is not in the history yet. */
export interface Pending {
  clientId: string;
  text: string;
  at: string;
  state: "waiting" | "sending" | "sent" | "failed";
  reason: string;
  files: File[];
}

export interface Answer {
  ok: boolean;
  reason?: string;
  again?: boolean;
}
