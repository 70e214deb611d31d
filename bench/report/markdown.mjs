/** The results as Markdown: the README's table, and all tables. */
import { leastSeconds } from "../limits.mjs";
import { BUSY_SHARE, summarize } from "../summary.mjs";
import { indexTable } from "./index-table.mjs";
import { formatCount, formatMebibytes, formatRatio, formatSeconds } from "./quantity.mjs";
import { table } from "./table.mjs";

/** Wall times and sizes with the ratio to bcat: above 1x the other takes longer, or more. */
export function readmeTable(results) {
  const tables = [wallTable(summarize(results)), indexTable(results.index ?? [])];
  return [conditions(results), ...tables, notes(results)].filter(Boolean).join("\n\n");
}

export function fullReport(results) {
  const summary = summarize(results);
  const times = summary.rows.filter(({ phase }) => phase !== "size");
  const sizes = summary.rows.filter(({ phase }) => phase === "size");
  const sections = [
    ["Wall time and size", wallTable(summary)],
    ["CPU, user and system", rowsTable({ ...summary, rows: times }, "cpu", formatSeconds)],
    ["Peak memory", rowsTable({ ...summary, rows: times }, "memory", formatMebibytes)],
    ["Objects of the repository", rowsTable({ ...summary, rows: sizes }, "objects", formatCount)],
    ["Restored trees against their source", restoredTable(results, summary.tools)],
    ["The machine's limit", limits(results, summary)],
    ["Index", indexTable(results.index ?? [])],
    ["Settings", settings(results)],
  ];
  const body = sections.filter(([, text]) => text !== "").map(([title, text]) => `## ${title}\n\n${text}`);
  return [`# bcat bench, ${results.date}`, conditions(results), ...body, notes(results)].filter(Boolean).join("\n\n");
}

function conditions({ date, machine, track, runs, scale, tools }) {
  const versions = tools.map(({ name, version, node }) =>
    node === undefined ? `${name} ${version}` : `${name.split(",", 1)[0]} ${version} on Node ${node}`,
  );
  const scaled = scale === 1 ? "" : ` Sizes times ${scale}.`;
  const kinds = { defaults: "each tool's defaults", matched: "settings matched" };
  return (
    `Measured on ${date.slice(0, 10)}: ${machine.cores} cores of ${machine.processor}, ` +
    `${formatMebibytes(machine.memory)}, ${machine.fileSystem}, ${machine.system}; whole processes in turns, encryption ` +
    `on, ${kinds[track]}, medians of ${runs}.${scaled} ${versions.join(", ")}.`
  );
}

function wallTable({ tools, rows }) {
  const value = (phase, cell) => (phase === "size" ? formatMebibytes(cell.bytes) : formatSeconds(cell.wall));
  return rowsTable({ tools, rows }, (phase) => (phase === "size" ? "bytes" : "wall"), undefined, value);
}

function rowsTable({ tools, rows }, field, format, value) {
  if (rows.length === 0) return "";
  let title;
  const lines = rows.map((row) => {
    const label = row.title === title ? `… ${row.label}` : `${row.title}: ${row.label}`;
    title = row.title;
    const name = typeof field === "string" ? field : field(row.phase);
    const show = value ?? ((_phase, cell) => format(cell[name]));
    return [label, ...tools.map((tool, i) => cellText(row.cells[tool], i, (cell) => show(row.phase, cell), name))];
  });
  return table(["", ...tools], lines);
}

function cellText(cell, column, show, field) {
  if (cell === undefined) return "";
  const busy = cell.busy > 0.5 ? "*" : "";
  return column === 0 ? `**${show(cell)}**${busy}` : `${show(cell)}${busy} · ${formatRatio(cell[`${field}Ratio`])}`;
}

function restoredTable({ workloads }, tools) {
  const lines = workloads
    .filter(({ restored }) => Object.keys(restored).length > 0)
    .map(({ title, restored }) => [title, ...tools.map((tool) => restored[tool] ?? "")]);
  return lines.length === 0 ? "" : table(["", ...tools], lines);
}

/** Shares of the yardstick, and of what the primitives alone would take where data does not shrink. */
function limits({ limits, machine, workloads }, { tools, rows }) {
  const rate = (bytes) => (bytes ? `${(bytes / 1e9).toFixed(2)} GB/s` : "not measured");
  const { read, hash, seal, write } = limits;
  const lines = [
    `One core: read ${rate(read)}, BLAKE3 ${rate(hash)}, AES-256-GCM ${rate(seal)}, write ${rate(write)}.`,
  ];
  for (const { title, cells, phase, workload } of rows) {
    const { bytes } = workloads.find(({ name }) => name === workload);
    const own = cells[tools[0]];
    if (own === undefined || !workload.startsWith("random") || phase !== "first") continue;
    const least = leastSeconds(limits, bytes, machine.cores);
    const share = Math.round((100 * least) / own.wall);
    lines.push(
      `- ${title}, first backup: at these speeds ${formatSeconds(least)}, ${share} % of what ${tools[0]} takes`,
    );
  }
  for (const { title, label, cells } of rows) {
    const own = cells[tools[0]];
    const plain = cells.plain;
    if (own?.wall === undefined || plain?.wall === undefined) continue;
    const share = Math.round((100 * plain.wall) / own.wall);
    lines.push(`- ${title}, ${label}: plain ${formatSeconds(plain.wall)}, ${share} % of what ${tools[0]} takes`);
  }
  return lines.join("\n");
}

function settings({ tools }) {
  return tools.map(({ name, settings }) => `- ${name}: ${settings}`).join("\n");
}

function notes(results) {
  const { rows, tools } = summarize(results);
  const lines = [];
  if (rows.some(({ cells }) => Object.values(cells).some(({ busy }) => busy > 0.5))) {
    lines.push(
      `\\* In most of these runs other processes took more than ${BUSY_SHARE * 100} % of the machine: ` +
        "compare CPU, not wall time.",
    );
  }
  const bare = rows.find(({ phase }) => phase === "bare")?.cells[tools[0]];
  for (const { phase, label, cells } of bare === undefined ? [] : rows) {
    if (!["version", "list", "two files"].includes(phase)) continue;
    const above = cells[tools[0]].cpu - bare.cpu;
    lines.push(`${tools[0]}, ${label}: ${formatSeconds(above)} of CPU above a bare \`node -e 0\`.`);
  }
  for (const { title, failures } of results.workloads) {
    for (const { tool, message } of failures) lines.push(`${title}: ${tool} failed: ${message.split("\n").at(-1)}`);
  }
  return lines.join("\n\n");
}
