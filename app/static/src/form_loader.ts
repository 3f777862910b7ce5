// Puts a form where its script tag stands, in a frame that grows with what is in it.
interface FormChannel {
  path: string;
  title: string;
}

const tag = document.currentScript as HTMLScriptElement | null;
const channel = (window as Window & { TributaryFormChannel?: FormChannel }).TributaryFormChannel;
if (tag && channel) place(channel, new URL(tag.src).origin, tag);

function place(form: FormChannel, home: string, after: HTMLScriptElement): void {
  const frame = document.createElement("iframe");
  frame.title = form.title;
  frame.src = home + form.path;
  frame.loading = "lazy";
  Object.assign(frame.style, { width: "100%", height: "640px", border: "0", display: "block", colorScheme: "light dark" });
  addEventListener("message", (event: MessageEvent<unknown>) => {
    const data = event.data;
    if (event.source !== frame.contentWindow || event.origin !== home) return;
    if (typeof data !== "object" || data === null || !("mark" in data) || !("height" in data)) return;
    const height = Number(data.height);
    if (data.mark === "tributary-form" && height > 0) frame.style.height = `${Math.min(Math.ceil(height), 10_000)}px`;
  });
  if (!after.closest("head")) after.after(frame);
  else if (document.body) document.body.append(frame);
  else addEventListener("DOMContentLoaded", () => document.body.append(frame), { once: true });
}
