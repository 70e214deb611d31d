/** From raw figures to rows: a workload and phase each, with the median of every tool and its ratio to the reference. */
import { median, ratio } from "./median.mjs";

/** What the phases are called; "size" is made from the repositories. */
const PHASES = {
  bare: "bare `node -e 0`",
  version: "`version`",
  list: "list of snapshots",
  "two files": "unchanged backup of two files",
  first: "first backup",
  unchanged: "unchanged backup",
  restore: "restore",
};
/** Above this share of the machine, others were at work beside a run: its wall time is not to be believed. */
export const BUSY_SHARE = 0.1;

/**
 * @param results of run.mjs
 * @returns `{tools, rows}`; a row is `{workload, title, phase, label, cells}`, and `cells`, by tool, hold `wall`, `cpu`
 * and `memory`, or for the phase "size" `bytes` and `objects`; each with `…Ratio` to the first tool, and `busy`, the share
 * of runs during which others were at work
 */
export function summarize(results) {
  const tools = results.tools.map(({ name }) => name);
  const rows = results.workloads.flatMap((workload) => rowsOf(workload, tools));
  return { tools, rows };
}

function rowsOf({ name, title, samples, sizes }, tools) {
  const row = (phase, label, cells) => ({ workload: name, title, phase, label, cells });
  const phases = Object.keys(PHASES).filter((phase) => samples.some((sample) => sample.phase === phase));
  const rows = phases.map((phase) => {
    const inPhase = samples.filter((sample) => sample.phase === phase);
    return row(phase, PHASES[phase], cellsOf(inPhase, tools, ["wall", "cpu", "memory"]));
  });
  if (sizes.length > 0) rows.push(row("size", "size of the repository", cellsOf(sizes, tools, ["bytes", "objects"])));
  return rows;
}

function cellsOf(samples, tools, fields) {
  const cells = {};
  for (const tool of tools) {
    const own = samples.filter((sample) => sample.tool === tool);
    if (own.length === 0) continue;
    const cell = { runs: own.length, busy: own.filter(({ others }) => others > BUSY_SHARE).length / own.length };
    for (const field of fields) {
      cell[field] = median(own.map((sample) => sample[field]));
      cell[`${field}Ratio`] = ratio(cells[tools[0]]?.[field] ?? cell[field], cell[field]);
    }
    cells[tool] = cell;
  }
  return cells;
}
