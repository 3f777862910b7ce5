// What signs and keys do in the editor: **bold**, "- " and the rest of Markdown as one types, Ctrl-B and its kin.
import { baseKeymap, chainCommands, toggleMark, wrapIn } from "prosemirror-commands";
import { redo, undo } from "prosemirror-history";
import { InputRule, inputRules, textblockTypeInputRule, undoInputRule, wrappingInputRule } from "prosemirror-inputrules";
import { keymap } from "prosemirror-keymap";
import type { MarkType, NodeType } from "prosemirror-model";
import { liftListItem, sinkListItem, splitListItem, wrapInList } from "prosemirror-schema-list";
import type { Command, Plugin } from "prosemirror-state";
import { schema } from "./schema";

const { marks } = schema;
const node = (name: string): NodeType => schema.nodes[name] as NodeType;
const [bullets, numbers, item, quote] = ["bullet_list", "ordered_list", "list_item", "blockquote"].map(node) as [NodeType, NodeType, NodeType, NodeType];

/** Words between two signs get a mark as the last sign is typed. */
function marked(pattern: RegExp, mark: MarkType): InputRule {
  return new InputRule(pattern, (state, match, start, end) => {
    const [whole, before = "", words = ""] = match;
    const from = start + before.length;
    if (!words.trim() || state.doc.rangeHasMark(from, end, marks["code"] as MarkType)) return null;
    const opening = whole.slice(before.length).indexOf(words);
    const tr = state.tr.delete(from + opening + words.length, end).delete(from, from + opening);
    tr.addMark(from, from + words.length, mark.create());
    return tr.removeStoredMark(mark);
  });
}

function linked(): InputRule {
  return new InputRule(/\[([^[\]]{1,200})\]\((https?:\/\/[^\s()]{1,2000})\)$/, (state, match, start, end) => {
    const link = (marks["link"] as MarkType).create({ href: match[2] });
    return state.tr.replaceWith(start, end, schema.text(match[1] ?? "", [link])).removeStoredMark(link);
  });
}

const [strong, em, code, strike] = [marks["strong"], marks["em"], marks["code"], marks["strike"]] as [MarkType, MarkType, MarkType, MarkType];

const RULES = [
  marked(/(^|[^*\w])\*\*([^*\s](?:[^*]*[^*\s])?)\*\*$/, strong),
  marked(/(^|[^_\w])__([^_\s](?:[^_]*[^_\s])?)__$/, strong),
  marked(/(^|[^*\w])\*([^*\s](?:[^*]*[^*\s])?)\*$/, em),
  marked(/(^|[^_\w])_([^_\s](?:[^_]*[^_\s])?)_$/, em),
  marked(/(^|[^~\w])~~([^~\s](?:[^~]*[^~\s])?)~~$/, strike),
  marked(/(^|[^`\w])`([^`]+)`$/, code),
  linked(),
  wrappingInputRule(/^\s*>\s$/, quote),
  wrappingInputRule(/^\s*([-+*])\s$/, bullets),
  wrappingInputRule(
    /^(\d{1,4})[.)]\s$/,
    numbers,
    (match) => ({ order: Number(match[1]) }),
    (match, list) => list.childCount + Number(list.attrs["order"]) === Number(match[1]),
  ),
  textblockTypeInputRule(/^(#{1,3})\s$/, node("heading"), (match) => ({ level: match[1]?.length ?? 1 })),
  textblockTypeInputRule(/^```$/, node("code_block")),
];

const lineBreak: Command = (state, dispatch) => {
  dispatch?.(state.tr.replaceSelectionWith(node("hard_break").create()).scrollIntoView());
  return true;
};

/** What the buttons of the toolbar do, by the names they carry. */
export const DEEDS: Record<string, Command> = {
  strong: toggleMark(strong),
  em: toggleMark(em),
  strike: toggleMark(strike),
  code: toggleMark(code),
  bullets: chainCommands(liftListItem(item), wrapInList(bullets)),
  numbers: chainCommands(liftListItem(item), wrapInList(numbers)),
  quote: wrapIn(quote),
};

export function typing(): Plugin[] {
  const { "Mod-Enter": _sends, ...usual } = baseKeymap; // that key sends the reply
  return [
    inputRules({ rules: RULES }),
    keymap({
      "Mod-z": undo,
      "Mod-y": redo,
      "Shift-Mod-z": redo,
      Backspace: undoInputRule,
      "Mod-b": DEEDS["strong"] as Command,
      "Mod-i": DEEDS["em"] as Command,
      "Mod-e": DEEDS["code"] as Command,
      "Shift-Mod-x": DEEDS["strike"] as Command,
      "Shift-Mod-7": DEEDS["numbers"] as Command,
      "Shift-Mod-8": DEEDS["bullets"] as Command,
      "Shift-Mod-9": DEEDS["quote"] as Command,
      Enter: splitListItem(item),
      "Shift-Enter": lineBreak,
      Tab: sinkListItem(item),
      "Shift-Tab": liftListItem(item),
    }),
    keymap(usual),
  ];
}
