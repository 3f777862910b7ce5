// The formatted editor of the composer: a module of its own, fetched when a reply can be formatted.
export { RichSurface } from "./composer/rich";
export { Toolbar } from "./composer/toolbar";
