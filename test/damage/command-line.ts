/** Cases through the built program: a damaged copy of the repository in a folder, restored, then checked. */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { choose } from "../crash/seed.js";
import { type DamageCase, kindOf, namesIn, type Subject } from "../damage-cases.js";
import { patience } from "../kit/patience.js";
import { compareTrees, describeDifferences } from "../kit/walker.js";
import { PASSPHRASE, TAIL } from "./world.js";

const program = resolve(import.meta.dirname, "../../node_modules/.bin/bcat");
/** Ended by the system after this time: a hang is a failure. */
const TIMEOUT_MS = 60_000 * patience;
/** Shares of each kind, in a hundred cases. */
const SHARES = { keys: 14, config: 8, sessions: 8, outcomes: 14, log: 10, index: 18, packs: 26, partial: 2 };

interface Run {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandLineTally {
  readonly outcomes: Record<"right" | "refused" | "tail", number>;
  /** How check ended after a restore that failed, by exit code. */
  readonly checkCodes: Map<number | string, number>;
  readonly faults: string[];
}

/** About `count` cases of all kinds, half of them flipped bytes. */
export function chooseCases(cases: readonly DamageCase[], count: number, seed: number): DamageCase[] {
  return Object.entries(SHARES).flatMap(([kind, share]) => {
    const ofKind = cases.filter(({ object }) => kindOf(object) === kind);
    const flipped = ofKind.filter(({ way }) => way === "flipped");
    const others = ofKind.filter(({ way }) => way !== "flipped");
    const wanted = Math.round((share * count) / 100);
    const half = Math.floor(wanted / 2);
    return [...choose(flipped, half, seed), ...choose(others, wanted - half, seed)];
  });
}

/** Runs the cases, two at a time. */
export async function runCases(subject: Subject, cases: readonly DamageCase[]): Promise<CommandLineTally> {
  const tally: CommandLineTally = { outcomes: { right: 0, refused: 0, tail: 0 }, checkCodes: new Map(), faults: [] };
  const left = [...cases.entries()];
  const work = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [number, damage] = next;
      const folder = join(subject.folder, `case ${number}`);
      try {
        await runCase(subject, damage, folder, tally);
      } catch (error) {
        tally.faults.push(`${damage.object} ${damage.way} ${damage.detail}: ${(error as Error).message}`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
  };
  await Promise.all([work(), work()]);
  return tally;
}

async function runCase(subject: Subject, damage: DamageCase, folder: string, tally: CommandLineTally): Promise<void> {
  writeRepository(subject, damage, folder);
  const target = join(folder, "target");
  const restored = await bcat(folder, "cache", ["restore", "latest", "all", target]);
  if (restored.code === 0) {
    const isTail = damage.way === "removed" && damage.object === TAIL;
    const comparison = await compareTrees(subject.sources.get(isTail ? 3 : 4)!, target, { ignoreTopTime: true });
    const differences = describeDifferences(comparison);
    if (differences.length > 0) throw new Error(`restored with success, but wrong: ${differences.join("; ")}`);
    tally.outcomes[isTail ? "tail" : "right"]++;
    return;
  }
  tally.outcomes.refused++;
  requirePlainWords(restored);
  const checked = await bcat(folder, "cache of check", ["check", "--read-data"]);
  tally.checkCodes.set(String(checked.code), (tally.checkCodes.get(String(checked.code)) ?? 0) + 1);
  requireSameNames(restored, checked);
}

function writeRepository(subject: Subject, damage: DamageCase, folder: string): void {
  const changes = damage.changes();
  for (const [name, whole] of subject.storage.objects) {
    const bytes = changes.has(name) ? changes.get(name) : whole;
    const path = join(folder, "repository", name);
    mkdirSync(dirname(path), { recursive: true });
    if (bytes !== undefined) writeFileSync(path, bytes);
  }
}

/** What is told is told in lines of bcat's own: no stack, nothing unforeseen. */
function requirePlainWords({ code, stderr }: Run): void {
  const lines = stderr.trimEnd().split("\n");
  const isPlain = lines.every((line) => line.startsWith("bcat: ") && !line.includes("unexpected "));
  if (!isPlain || typeof code !== "number")
    throw new Error(`restore ended with ${code} and said ${JSON.stringify(stderr)}`);
}

/**
 * check ends with 21 and names what restore named. Where no key comes out (12), or where what a header says may be true
 * of a newer format (13), it ends as restore did.
 */
function requireSameNames(restored: Run, checked: Run): void {
  const names = namesIn(restored.stderr);
  const said = `restore ended with ${restored.code}: ${restored.stderr.trim()}; check with ${checked.code}: ${checked.stdout}${checked.stderr}`;
  const isSame = (restored.code === 12 || restored.code === 13) && checked.code === restored.code;
  if (checked.code !== 21 && !isSame) throw new Error(said);
  if (names.length === 0 && restored.code !== 12) throw new Error(`no object named: ${said}`);
  const named = new Set(namesIn(checked.stdout + checked.stderr));
  if (names.some((name) => !named.has(name))) throw new Error(`another object named: ${said}`);
}

/** Runs the program with a cache of that name, which is empty unless the case has used it before. */
function bcat(folder: string, cache: string, words: readonly string[]): Promise<Run> {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    BCAT_REPOSITORY: join(folder, "repository"),
    BCAT_PASSWORD: PASSPHRASE,
    BCAT_CACHE_DIR: join(folder, cache),
  };
  if (!existsSync(program)) throw new Error(`${program} is missing: npm ci links it`);
  return new Promise((settle) => {
    execFile(program, words, { env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
      settle({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr });
    });
  });
}

export function describeTally({ outcomes, checkCodes }: CommandLineTally): string {
  const { right, refused, tail } = outcomes;
  const codes = [...checkCodes].map(([code, count]) => `${code} in ${count}`).join(", ");
  return `${right + refused + tail} cases: ${right} right, ${refused} refused, ${tail} tail; check then ended with ${codes}`;
}
