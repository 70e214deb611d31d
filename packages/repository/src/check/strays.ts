/** Checks for what is in the storage and belongs to no snapshot. */
import { packOfParity, parseObjectName } from "@bcat/pack";
import { registerName } from "../registers.js";
import { partsOf, type Repository } from "../repository.js";
import type { Inventory } from "./check-registers.js";
import type { CheckRun } from "./check-run.js";
import { StrayObjects } from "./stray-objects.js";

/** Orphans that are named; more are counted. */
const NAMED_MAX = 5;

/** What is in the storage and belongs to no snapshot: leftovers of backups that did not finish, and strangers. */
export async function noteStrays(
  repository: Repository,
  run: CheckRun,
  inventory: Inventory,
  packs: ReadonlySet<string>,
): Promise<void> {
  const { storage, history } = partsOf(repository);
  const { sessionHead, logHead } = inventory;
  const unfinished: Leftovers = { count: 0, bytes: 0, names: [] };
  if (storage.list === undefined) {
    tellUnfinished(run, inventory.unfinished, unfinished);
    return;
  }
  const orphans: Leftovers = { count: 0, bytes: 0, names: [] };
  const strays = new StrayObjects(run);
  let furthest = 0;
  /** Of the log, behind its head. */
  const records: string[] = [];
  for await (const { name, size } of storage.list("")) {
    const [, sequence, number] = /^(sessions|outcomes|log)\/(\d{10})$/.exec(name) ?? [];
    if (sequence === "log" && Number(number) > logHead) records.push(name);
    else if (sequence !== "log") furthest = Math.max(furthest, Number(number ?? 0));
    if (packs.has(name) || inventory.segments.has(name) || inventory.names.has(name)) continue;
    const pack = packOfParity(name);
    if (pack !== undefined && packs.has(pack)) continue;
    const reference = parseObjectName(pack ?? name);
    if (reference !== undefined) {
      // Those behind the head have begun since.
      const hasNoOutcome = inventory.unfinished.has(reference.session) || reference.session > sessionHead;
      const isRunning = hasNoOutcome && !run.lacksReferences;
      count(isRunning ? unfinished : orphans, name, size);
    } else if (!/^(?:sessions|outcomes|partial)\//.test(name) && !records.includes(name)) strays.take(name);
  }
  // Those that follow one another have been written since.
  if (records.length > 0) await history.readLog(storage, false);
  for (const name of records) if (name > registerName("log", history.logHead)) strays.take(name);
  strays.tellRest();
  await findHole(repository, run, furthest);
  await noteTemporary(repository, run);
  tellUnfinished(run, inventory.unfinished, unfinished);
  noteOrphans(run, orphans);
}

/** Objects that no outcome names. */
interface Leftovers {
  count: number;
  bytes: number;
  /** The first of them. */
  readonly names: string[];
}

function count(leftovers: Leftovers, name: string, size: number): void {
  leftovers.count++;
  leftovers.bytes += size;
  if (leftovers.names.length < NAMED_MAX) leftovers.names.push(name);
}

/** Sessions that run, or were killed: all in one line, and what they have stored so far. */
function tellUnfinished(run: CheckRun, sessions: ReadonlySet<number>, { count, bytes }: Leftovers): void {
  if (sessions.size === 0) return;
  const numbers = [...sessions].sort((a, b) => a - b);
  const shown = numbers.slice(0, NAMED_MAX).join(", ");
  const more = numbers.length > NAMED_MAX ? `, and ${numbers.length - NAMED_MAX} more` : "";
  const [who, have] = numbers.length === 1 ? ["session", "has"] : ["sessions", "have"];
  const stored = count === 0 ? "" : `; stored so far: ${objects(count)} (${bytes} bytes)`;
  run.reportDetail(`${who} ${shown}${more} ${have} not finished${stored}`, "unfinished-session");
}

function noteOrphans(run: CheckRun, orphans: Leftovers): void {
  if (orphans.count === 0) return;
  const names = orphans.names.map((name) => `"${name}"`).join(", ");
  const more = orphans.count > orphans.names.length ? ", …" : "";
  const what = `${objects(orphans.count)} (${orphans.bytes} bytes)`;
  const [belong, them] = orphans.count === 1 ? ["belongs", "it"] : ["belong", "them"];
  const why = run.lacksReferences
    ? `may belong to what is damaged; do not remove ${them}`
    : `${belong} to no snapshot, left by backups that did not finish`;
  run.reportNote(orphans.names[0], `${what} ${why}: ${names}${more}`, "orphan");
}

/** Sessions behind the head may have begun since it was found; then they follow one another. */
async function findHole(repository: Repository, run: CheckRun, furthest: number): Promise<void> {
  const { storage, history } = partsOf(repository);
  for (let number = history.sessionHead + 1; number <= furthest; number++) {
    const name = registerName("sessions", number);
    if ((await storage.get(name)) !== undefined) continue;
    run.reportDamage(name, `"${name}" is missing although later numbers exist: their snapshots are not found`, {
      code: "missing",
    });
    return;
  }
}

async function noteTemporary(repository: Repository, run: CheckRun): Promise<void> {
  const { storage } = partsOf(repository);
  const found = { count: 0, bytes: 0, first: "" };
  for await (const { name, size } of storage.listTemporary?.() ?? []) {
    if (found.count === 0) found.first = name;
    found.count++;
    found.bytes += size;
  }
  if (found.count === 0) return;
  const bytes = `(${found.bytes} bytes)`;
  const what =
    found.count === 1
      ? `1 temporary file ${bytes}, "${found.first}", is left of a write that was cut off`
      : `${found.count} temporary files ${bytes}, the first "${found.first}", are left of writes that were cut off`;
  run.reportNote(
    found.first,
    `${what}, or of a backup that runs now; bcat prune removes what is left`,
    "leftover-files",
  );
}

function objects(count: number): string {
  return count === 1 ? "1 object" : `${count} objects`;
}
