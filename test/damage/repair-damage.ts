/**
 * Damage of every kind, and all repairs after it in their order. What can be healed must be, what cannot must be named,
 * and nothing else may be lost: no object that was there goes or changes, and whatever a snapshot still has is right.
 */
import { join } from "node:path";
import { BcatError, isBcatError } from "@bcat/errors";
import { findBadPacks, openRepository, type Repository, repairIndex, repairPacks } from "@bcat/repository";
import { backup, check, type Finding, findSnapshot, listSnapshots, repairSnapshots } from "@bcat/snapshot";
import type { MemoryStorage } from "@bcat/storage";
import { type DamageCase, kindOf, type Subject } from "../damage-cases.js";
import { type Expected, readExpected } from "./read-back.js";

/** What became of it. `refused`: a register is damaged, and nothing can be written in place of that. */
export type Repaired = "healed" | "lost" | "refused" | "nothing";

/** @throws Error that says what was not as it must be */
export async function repairDamage(subject: Subject, damage: DamageCase): Promise<Repaired> {
  const storage = subject.storage.clone();
  for (const [name, bytes] of damage.changes()) {
    await storage.delete(name);
    if (bytes !== undefined) await storage.put(name, bytes);
  }
  const before = storage.clone();
  try {
    const result = await repairAll(subject, storage);
    requireSame(before, storage);
    return result;
  } catch (error) {
    requireSame(before, storage);
    if (error instanceof BcatError && isRefusal(error, damage)) return "refused";
    throw error;
  }
}

/** Of a register, a key or the config only a copy can say what it was. */
function isRefusal(error: BcatError, { object }: DamageCase): boolean {
  if (!["config", "keys", "sessions", "outcomes", "log"].includes(kindOf(object))) return false;
  const codes = ["corrupt", "newer-format", "identity-changed", "no-repository", "wrong-passphrase"] as const;
  return codes.some((code) => isBcatError(error, code));
}

async function repairAll(subject: Subject, storage: MemoryStorage): Promise<Repaired> {
  const using = async <T>(use: (repository: Repository) => Promise<T>): Promise<T> => {
    await using repository = await openRepository(storage, subject.rootKey, subject.environment);
    return await use(repository);
  };
  const found = await using(damageIn);
  await using((repository) => repairIndex(repository));
  await using(async (repository) => {
    await repairPacks(repository, await findBadPacks(repository, { readData: true }), { level: 1 });
  });
  const source = Buffer.from(join(subject.folder, "one", "source"));
  await using((repository) => backup(repository, subject.posix, [source], {}));
  const repairs = await using(async (repository) => {
    const bad = await findBadPacks(repository, { readData: true });
    return await repairSnapshots(repository, { badPacks: [...bad.keys()], forget: true });
  });
  const gone = repairs.filter(({ by }) => by === undefined).map(({ number }) => number);
  const left = await using(damageIn);
  const unnamed = left.filter(({ snapshots = [] }) => snapshots.some((number) => !gone.includes(number)));
  if (unnamed.length > 0) throw new Error(`after all repairs: ${unnamed.map(({ message }) => message).join("; ")}`);
  for (const number of gone.length > 0 ? [] : await using(numbersOf))
    await using((repository) => requireRight(subject, repository, { number, repairs }));
  if (repairs.length > 0) return "lost";
  return found.length > 0 ? "healed" : "nothing";
}

async function damageIn(repository: Repository): Promise<Finding[]> {
  const findings: Finding[] = [];
  await check(repository, { readData: true, onFinding: (finding) => findings.push(finding) });
  return findings.filter(({ kind }) => kind === "damage");
}

async function numbersOf(repository: Repository): Promise<number[]> {
  return (await listSnapshots(repository)).map(({ number }) => number);
}

/** What a snapshot has, it has as it was; what it has not, was told. @throws Error */
async function requireRight(
  subject: Subject,
  repository: Repository,
  { number, repairs }: { number: number; repairs: Awaited<ReturnType<typeof repairSnapshots>> },
): Promise<void> {
  const info = await findSnapshot(repository, String(number));
  const original = info.snapshot.original?.number ?? number;
  const expected = subject.expected.get(original) ?? subject.expected.get(4)!;
  const entries = await readExpected(repository, info);
  for (const [path, entry] of entries) requireEntry(path, entry, expected);
  const repair = repairs.find(({ by }) => by === number);
  const missing = [...expected.keys()].filter((path) => !entries.has(path));
  if (repair === undefined && missing.length > 0) throw new Error(`snapshot ${number} has not ${missing.join(", ")}`);
  const told = (repair?.lost ?? []).map(({ path }) => Buffer.from(path).toString("latin1"));
  const untold = missing.filter((path) => !told.some((lost) => path === lost || path.startsWith(`${lost}/`)));
  if (untold.length > 0) throw new Error(`snapshot ${number} lacks ${untold.join(", ")}, of which nothing was told`);
}

type Entry = Expected extends ReadonlyMap<string, infer Value> ? Value : never;

function requireEntry(path: string, { line, bytes }: Entry, expected: Expected): void {
  const wanted = expected.get(path);
  if (wanted === undefined) throw new Error(`${path} was in no source`);
  if (wanted.line !== line) throw new Error(`${path} is ${line}, not ${wanted.line}`);
  if (bytes !== undefined && Buffer.compare(bytes, wanted.bytes ?? bytes) !== 0)
    throw new Error(`${path}: other bytes`);
}

/** @throws Error when an object that was there has gone or has changed */
function requireSame(before: MemoryStorage, after: MemoryStorage): void {
  for (const [name, bytes] of before.objects) {
    const now = after.objects.get(name);
    if (now === undefined || Buffer.compare(now, bytes) !== 0) throw new Error(`a repair has changed "${name}"`);
  }
}
