// What the Markdown parser asks for &hearts; and its kin: the browser knows their names already, and the parser's own
// table of them is larger than the parser. The build puts this in the place of the package `entities`.
export function decodeHTML(text: string): string {
  return new DOMParser().parseFromString(`<p>${text.replaceAll("<", "&lt;")}`, "text/html").querySelector("p")?.textContent ?? "";
}

export const decodeHTMLStrict = decodeHTML;
