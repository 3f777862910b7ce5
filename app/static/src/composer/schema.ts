// What a formatted reply can hold: what Markdown can write, and no more. All that is pasted is cut down to it.
import { Schema, type MarkSpec, type NodeSpec } from "prosemirror-model";
import { schema as commonMark } from "prosemirror-markdown";

/** Where a link may lead; the server (app/markdown.py) takes no others either. */
export const ADDRESS = /^(?:https?:\/\/|mailto:|tel:)\S+$/i;

const { nodes, marks } = commonMark.spec;

/** A picture sent along, named by its content id; what other pages show from elsewhere is not taken in. */
const picture: NodeSpec = {
  inline: true,
  group: "inline",
  draggable: true,
  attrs: { src: {}, alt: { default: "" }, title: { default: null } },
  parseDOM: [{ tag: "img[data-cid]", getAttrs: (one) => ({ src: one.getAttribute("data-cid") ?? "", alt: one.getAttribute("alt") ?? "" }) }],
  toDOM: (node) => ["img", { "data-cid": String(node.attrs["src"]), alt: String(node.attrs["alt"] ?? "") }],
};

const link: MarkSpec = {
  ...marks.get("link"),
  parseDOM: [{ tag: "a[href]", getAttrs: (one) => ADDRESS.test(one.getAttribute("href") ?? "") && { href: one.getAttribute("href"), title: null } }],
};

/** Lists stand close together unless Markdown says otherwise. */
function close(name: string): NodeSpec {
  const spec = nodes.get(name) as NodeSpec;
  return { ...spec, attrs: { ...spec.attrs, tight: { default: true } } };
}

export const schema = new Schema({
  nodes: nodes.update("image", picture).update("bullet_list", close("bullet_list")).update("ordered_list", close("ordered_list")),
  marks: marks.update("link", link).addToEnd("strike", {
    parseDOM: [{ tag: "s" }, { tag: "del" }, { tag: "strike" }, { style: "text-decoration=line-through" }],
    toDOM: () => ["s", 0],
  }),
});
