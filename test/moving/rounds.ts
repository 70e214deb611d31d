/** Backs up a folder that is changed without pause, again and again, restores each snapshot, and looks at every file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { join } from "node:path";
import { Desk, linesOf } from "../cli/desk.js";
import { findTear } from "./states.js";

const mutator = join(import.meta.dirname, "mutator.mjs");
/** What a run may say of entries that come and go: each names its entry. */
const EXPECTED = /^bcat: (?:changed|cannot read) "|^\d|^bcat: note/;

export interface Moved {
  readonly rounds: number;
  /** Files that were restored and looked at, of all snapshots. */
  readonly files: number;
  readonly marked: number;
  /** Marked ones whose content is none that they had. */
  readonly markedTorn: number;
  /** Files of which that holds and that are not marked, with what was found. */
  readonly torn: readonly string[];
  /** Lines and exit codes that nobody expects. */
  readonly strange: readonly string[];
}

/** @param rounds how often, or until when (ms of `performance.now()`) */
export async function moveAndBackUp(seed: number, isOver: (round: number) => boolean): Promise<Moved> {
  using desk = new Desk();
  const source = desk.path("source");
  fs.mkdirSync(source);
  const start = (folder: string, ...words: string[]) =>
    spawn(process.execPath, [mutator, folder, ...words], { stdio: ["ignore", "pipe", "inherit"] });
  const children = [start(source, String(seed)), start(join(source, "hot"), String(seed + 1), "hot")];
  const found = { rounds: 0, files: 0, marked: 0, markedTorn: 0, torn: [] as string[], strange: [] as string[] };
  try {
    await Promise.all(children.map((child) => once(child.stdout!, "data")));
    await desk.good(["init"]);
    for (; !isOver(found.rounds); found.rounds++) {
      await backUp(desk, source, found);
      // What was stored is looked at with all cores.
      for (const child of children) child.kill("SIGSTOP");
      await lookAt(desk, source, found);
      for (const child of children) child.kill("SIGCONT");
    }
    for (const { exitCode } of children) if (exitCode !== null) found.strange.push(`a mutator ended with ${exitCode}`);
    const check = await desk.bcat(["check"]);
    if (check.code !== 0) found.strange.push(`check: ${check.code} ${check.stdout}`);
    return found;
  } finally {
    await Promise.all(children.map(end));
  }
}

type Found = { -readonly [Key in keyof Moved]: Moved[Key] extends readonly string[] ? string[] : Moved[Key] };

async function backUp(desk: Desk, source: string, found: Found): Promise<void> {
  const run = await desk.bcat(["backup", source, "--threads", String(1 + (found.rounds % 3))]);
  if (run.code !== 0 && run.code !== 3) found.strange.push(`exit code ${run.code}`);
  found.strange.push(...linesOf(run.stderr).filter((line) => !EXPECTED.test(line)));
}

/** Restores the latest snapshot, and looks at each of its files. */
async function lookAt(desk: Desk, source: string, found: Found): Promise<void> {
  const entries = (await desk.json(["ls", "latest"])) as { path: string; type: string; changed_while_read?: boolean }[];
  const target = desk.path("restored");
  await desk.good(["restore", "latest", "all", target]);
  for (const { path, type, changed_while_read } of entries) {
    if (type !== "file") continue;
    const name = path.slice(path.lastIndexOf("/") + 1);
    const tear = findTear(name, fs.readFileSync(join(target, path.slice(source.length))));
    found.files++;
    if (changed_while_read === true) found.marked++;
    if (tear !== undefined && changed_while_read === true) found.markedTorn++;
    else if (tear !== undefined) found.torn.push(`round ${found.rounds}, ${name}: ${tear}`);
  }
  fs.rmSync(target, { recursive: true });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
