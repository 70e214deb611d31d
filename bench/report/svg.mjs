/**
 * A chart of wall times: one line a row, a dot a tool at its ratio to the first tool, on a logarithmic scale. What lies
 * right of the line at 1 takes longer, or more bytes.
 */
import { summarize } from "../summary.mjs";

const LABEL_WIDTH = 380;
const PLOT_WIDTH = 520;
const MARGIN = 24;
const ROW_HEIGHT = 22;
const TOP = 70;
const COLORS = ["#1a1a1a", "#d1495b", "#00798c", "#edae49", "#66a182", "#8d6a9f", "#999999"];
const TICKS = [1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8, 16, 32, 64];

export function chart(results) {
  const { tools, rows } = summarize(results);
  const shown = rows.filter(({ cells, phase }) => cells[tools[0]] !== undefined && phase !== "bare");
  const ratios = shown.flatMap(({ phase, cells }) => Object.values(cells).map((cell) => ratioOf(phase, cell)));
  const scale = createScale(ratios.filter((value) => value > 0));
  const height = TOP + shown.length * ROW_HEIGHT + MARGIN;
  const width = LABEL_WIDTH + PLOT_WIDTH + 2 * MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="24" fill="#555555">time, or bytes, where ${tools[0] ?? "the first"} is 1; right is more</text>`,
    ...legend(tools),
    ...scale.ticks.map((tick) => axisLine(tick, scale.at(tick), height)),
    ...shown.flatMap((row, i) => rowMarks(row, TOP + (i + 0.5) * ROW_HEIGHT, { tools, scale })),
    "</svg>\n",
  ].join("\n");
}

/** Powers of two that enclose all ratios, over the width of the plot. */
function createScale(ratios) {
  const low = TICKS.findLast((tick) => tick <= Math.min(0.5, ...ratios)) ?? TICKS[0];
  const high = TICKS.find((tick) => tick >= Math.max(2, ...ratios)) ?? TICKS.at(-1);
  const at = (value) => {
    const clipped = Math.min(high, Math.max(low, value));
    return LABEL_WIDTH + MARGIN + (PLOT_WIDTH * Math.log(clipped / low)) / Math.log(high / low);
  };
  return { at, ticks: TICKS.filter((tick) => tick >= low && tick <= high) };
}

function ratioOf(phase, cell) {
  return phase === "size" ? cell.bytesRatio : cell.wallRatio;
}

function legend(tools) {
  return tools.map((tool, i) => {
    const x = LABEL_WIDTH + MARGIN + i * 90;
    return `<circle cx="${x}" cy="20" r="5" fill="${color(i)}"/><text x="${x + 9}" y="24">${escapeText(tool)}</text>`;
  });
}

function axisLine(tick, x, height) {
  const stroke = tick === 1 ? COLORS[0] : "#dddddd";
  const text = tick < 1 ? `1/${1 / tick}` : `${tick}x`;
  return (
    `<line x1="${x}" y1="${TOP - 8}" x2="${x}" y2="${height - MARGIN / 2}" stroke="${stroke}"/>` +
    `<text x="${x}" y="${TOP - 14}" text-anchor="middle" fill="#555555">${text}</text>`
  );
}

function rowMarks({ title, label, phase, cells }, y, { tools, scale }) {
  const name = `<text x="${LABEL_WIDTH}" y="${y + 4}" text-anchor="end">${escapeText(`${title}: ${label}`)}</text>`;
  const dots = tools.flatMap((tool, i) => {
    const ratio = cells[tool] === undefined ? undefined : ratioOf(phase, cells[tool]);
    if (ratio === undefined) return [];
    const hint = `<title>${escapeText(`${tool} ${ratio.toFixed(2)}x`)}</title>`;
    return [`<circle cx="${scale.at(ratio)}" cy="${y}" r="5" fill="${color(i)}" fill-opacity="0.85">${hint}</circle>`];
  });
  return [name, ...dots];
}

function color(i) {
  return COLORS[i % COLORS.length];
}

function escapeText(text) {
  return text.replaceAll("`", "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
