// The emoji of the composer: a module of its own, fetched when somebody wants one.
export { open } from "./composer/emoji_sheet";
export { named } from "./composer/emoji_list";
