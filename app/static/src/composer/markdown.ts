// Markdown to a document and back, as app/markdown.py reads it: CommonMark, strikethrough, a line break is one.
import MarkdownIt from "markdown-it";
import { Fragment, Slice, type Node } from "prosemirror-model";
import { defaultMarkdownParser, defaultMarkdownSerializer, MarkdownParser, MarkdownSerializer } from "prosemirror-markdown";
import { schema } from "./schema";

// what would begin raw HTML, an address or a named sign
const EXTRA = /<(?=[a-z!/?])|&(?=#?[a-z0-9]+;)/gi;

const parser = new MarkdownParser(schema, new MarkdownIt("commonmark", { html: false, breaks: true }).enable("strikethrough"), {
  ...defaultMarkdownParser.tokens,
  s: { mark: "strike" },
  softbreak: { node: "hard_break" },
});

const serializer = new MarkdownSerializer(
  {
    ...defaultMarkdownSerializer.nodes,
    hard_break(state, node, parent, index) {
      const isLast = ![...Array(parent.childCount - index - 1).keys()].some((at) => parent.child(index + 1 + at).type !== node.type);
      if (isLast) return; // Markdown has no break at the end of a paragraph
      const isLonely = parent.child(index + 1).type !== node.type && (index === 0 || parent.child(index - 1).type !== node.type);
      state.write(isLonely ? "\n" : "\\\n"); // an empty line would be a paragraph
    },
    text(state, node, parent, index) {
      const inside = state as unknown as { atBlockStart: boolean; inAutolink?: boolean };
      if (index && parent.child(index - 1).type.name === "hard_break") inside.atBlockStart = true; // "- " there is no list
      state.text(node.text ?? "", !inside.inAutolink);
    },
    bullet_list(state, node) {
      state.renderList(node, "  ", () => "- ");
    },
    image(state, node) {
      state.write(`![${state.esc(String(node.attrs["alt"] || "picture"))}](${String(node.attrs["src"])})`);
    },
  },
  { ...defaultMarkdownSerializer.marks, strike: { open: "~~", close: "~~", mixable: true, expelEnclosingWhitespace: true } },
  { escapeExtraCharacters: EXTRA },
);

export function read(text: string): Node {
  return parser.parse(text);
}

export function write(doc: Node): string {
  return serializer.serialize(doc, { tightLists: true });
}

/** Markdown to be put into a paragraph: its first and last paragraph become part of what stands there. */
export function readPiece(text: string): Slice {
  const [before, after] = [/^\s*/.exec(text)?.[0] ?? "", /\s*$/.exec(text)?.[0] ?? ""];
  const content = read(text).content;
  const only = content.childCount === 1 ? content.firstChild : null;
  const isBelow = text.startsWith("\n"); // a paragraph of its own
  if (only?.type.name === "paragraph" && !isBelow) {
    const blank = (words: string): Node[] => (/^ +$/.test(words) ? [schema.text(words)] : []);
    return new Slice(Fragment.from([...blank(before), ...only.content.content, ...blank(after)]), 0, 0);
  }
  return new Slice(content, Number(content.firstChild?.type.name === "paragraph" && !isBelow), Number(content.lastChild?.type.name === "paragraph"));
}

/** Plain text as a document: empty lines part paragraphs, nothing is interpreted. */
export function plainPiece(text: string): Slice {
  const paragraphs = text.replace(/\r\n?/g, "\n").split(/\n{2,}/).map((part) => schema.node("paragraph", null, lines(part)));
  return new Slice(Fragment.from(paragraphs), 1, 1);
}

function lines(text: string): Node[] {
  return text.split("\n").flatMap((line, at) => [...(at ? [schema.node("hard_break")] : []), ...(line ? [schema.text(line)] : [])]);
}
