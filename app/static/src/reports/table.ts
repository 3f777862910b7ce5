// Reads the numbers of a chart from the table that says the same: one source for both.

export interface Column {
  name: string;
  unit: string; // "messages", "share" or "net"
  draw: string; // "bar", "line" or ""
  tone: string;
  values: (number | null)[];
  texts: string[];
  links: (string | null)[];
}

export interface Numbers {
  at: number[]; // seconds since 1970
  names: string[];
  shortNames: string[]; // for the axis, the time over the day
  columns: Column[];
}

export function readNumbers(table: HTMLTableElement): Numbers {
  const heads = [...table.querySelectorAll<HTMLElement>("thead th[data-unit]")];
  const columns: Column[] = heads.map((head) => ({
    name: head.dataset["name"] ?? "",
    unit: head.dataset["unit"] ?? "",
    draw: head.dataset["draw"] ?? "",
    tone: head.dataset["tone"] ?? "",
    values: [],
    texts: [],
    links: [],
  }));
  const rows = [...table.querySelectorAll<HTMLTableRowElement>("tbody tr[data-at]")];
  for (const row of rows) readRow(row, columns);
  return {
    at: rows.map((row) => Number(row.dataset["at"])),
    names: rows.map((row) => row.querySelector("th")?.textContent?.trim() ?? ""),
    shortNames: rows.map((row) => row.dataset["short"] ?? ""),
    columns,
  };
}

function readRow(row: HTMLTableRowElement, columns: Column[]): void {
  const cells = row.querySelectorAll<HTMLTableCellElement>("td");
  columns.forEach((column, index) => {
    const cell = cells[index];
    const value = cell?.dataset["value"];
    column.values.push(value === undefined ? null : Number(value));
    column.texts.push(cell?.textContent?.trim() ?? "");
    column.links.push(cell?.querySelector("a")?.getAttribute("href") ?? null);
  });
}
