/** A Markdown table; every column but the first is aligned to the right. */
export function table(head, lines) {
  const row = (cells) => `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  return [row(head), `|---|${"---:|".repeat(head.length - 1)}`, ...lines.map(row)].join("\n");
}
