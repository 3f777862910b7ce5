// Plain addresses become links on the server (app/markdown.py). The build puts this in the place of `linkify-it`.
export default class NoLinks {
  set(): this {
    return this;
  }
}
