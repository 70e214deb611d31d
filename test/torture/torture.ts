/**
 * Real processes on one repository, round after round: six backups of as many machines, two prunes, a check, a restore
 * and now and then a forget, all at once; some are killed, some stand still for a while. What a backup has said to be
 * stored is there until somebody asked for it to be forgotten, and is what its source was.
 */
import { rmSync } from "node:fs";
import { compareTrees, type RecordedTree, recordTree } from "../crash/recorded-tree.js";
import type { Scratch } from "../crash/scratch.js";
import { type Done, Hand, type Tally } from "./hand.js";
import { type Draw, mutate, pick } from "./mutate.js";
import { type Place, startOn } from "./place.js";

const MACHINES = 6;
/** More are forgotten, the oldest first or by chance. */
const SNAPSHOTS_MAX = 14;
/** Rounds between two looks at everything. */
const LOOK_EVERY = 4;
const SETTLED = ["prune", "--now", "--max-unused", "0", "--void-after", "0"];

interface Listed {
  readonly number: number;
  readonly tags?: readonly string[];
}

interface Stats {
  readonly repository: { readonly dead_size: number; readonly condemned_packs: number };
}

export interface Tortured extends Tally {
  /** Restores that were compared, those beside other processes included. */
  readonly compared: number;
  readonly looks: number;
  /** Whatever was not as it must be. */
  readonly faults: readonly string[];
}

export class Torture {
  readonly #place: Place;
  readonly #scratch: Scratch;
  readonly #draw: Draw;
  readonly #hand: Hand;
  readonly #sources: readonly string[];
  readonly #caches: readonly string[];
  /** By tag of the backup: what its source was. */
  readonly #recorded = new Map<string, RecordedTree>();
  /** Tags of what was said to be stored, and was not asked to be forgotten. */
  readonly #owed = new Set<string>();
  readonly #faults: string[] = [];
  #compared = 0;
  #looks = 0;

  constructor(place: Place, { scratch, draw }: { scratch: Scratch; draw: Draw }) {
    this.#place = place;
    this.#scratch = scratch;
    this.#draw = draw;
    this.#hand = new Hand(draw);
    this.#sources = Array.from({ length: MACHINES }, (_, i) => scratch.fresh(`source-${i}`));
    this.#caches = Array.from({ length: MACHINES }, (_, i) => scratch.folder(`cache-${i}`));
  }

  /** @param isOver asked before each round */
  async run(isOver: () => boolean): Promise<Tortured> {
    const isBucket = this.#place.repository.startsWith("s3:");
    await this.#good(["init", ...(isBucket ? ["--create-bucket"] : [])]);
    for (const source of this.#sources) mutate(source, this.#draw, this.#common);
    // Where there never was a snapshot, prune refuses.
    await this.#backUpAlone(0, "first");
    for (let round = 1; !isOver() && this.#faults.length === 0; round++) {
      await this.#round(round);
      this.#hand.tally.rounds++;
      if (round % LOOK_EVERY === 0) await this.#look();
    }
    await this.#end();
    return { ...this.#hand.tally, compared: this.#compared, looks: this.#looks, faults: this.#faults };
  }

  /** Seeds of files that several sources have. */
  get #common(): readonly string[] {
    return Array.from({ length: 12 }, (_, i) => `common ${i}`);
  }

  async #round(round: number): Promise<void> {
    const listed = await this.#list();
    const going = this.#draw() < 0.7 ? this.#chooseToForget(listed) : [];
    const staying = listed.filter((snapshot) => !going.includes(snapshot));
    for (const tag of going.flatMap(({ tags = [] }) => tags)) this.#owed.delete(tag);
    const jobs = this.#sources.map((source, machine) => this.#backUp(source, machine, `r${round}-m${machine}`));
    for (let prune = 0; prune < 2; prune++) jobs.push(this.#prune());
    jobs.push(this.#check());
    if (staying.length > 0) jobs.push(this.#restore(pick(staying, this.#draw), this.#cacheOf()));
    if (going.length > 0) jobs.push(this.#forget(going));
    await this.#hand.settle(jobs);
  }

  async #backUpAlone(machine: number, tag: string): Promise<void> {
    const source = this.#sources[machine]!;
    this.#recorded.set(tag, recordTree(source));
    await this.#good(["backup", "--host", `machine-${machine}`, "--tag", tag, source], this.#caches[machine]);
    this.#owed.add(tag);
  }

  #chooseToForget(listed: readonly Listed[]): Listed[] {
    const count = Math.max(1, listed.length - SNAPSHOTS_MAX);
    if (listed.length <= 2) return [];
    if (this.#draw() < 0.5) return listed.slice(0, count);
    return Array.from({ length: count }, () => pick(listed, this.#draw));
  }

  async #backUp(source: string, machine: number, tag: string): Promise<void> {
    if (this.#draw() < 0.8) mutate(source, this.#draw, this.#common);
    this.#recorded.set(tag, recordTree(source));
    const slow = this.#draw() < 0.3 ? ["--limit-upload", pick(["300K", "1M"], this.#draw)] : [];
    const words = ["backup", "--json", "--host", `machine-${machine}`, "--tag", tag, ...slow, source];
    const done = await this.#run("backup", words, this.#caches[machine]!);
    if (done.code === 0) this.#owed.add(tag);
    this.#require(done, words, [0]);
  }

  async #prune(): Promise<void> {
    const unused = pick(["0", "5%"], this.#draw);
    // Now and then one that takes those for dead that stand still, or are only slow.
    const hasty = this.#draw() < 0.3 ? ["--void-after", pick(["0", "1m"], this.#draw)] : [];
    const words = ["prune", "--max-unused", unused, ...hasty];
    this.#require(await this.#run("prune", words, this.#cacheOf()), words, [0]);
  }

  async #check(): Promise<void> {
    const words = ["check", "--read-data", ...(this.#draw() < 0.3 ? ["--no-cache"] : [])];
    this.#require(await this.#run("check", words, this.#cacheOf()), words, [0]);
  }

  async #forget(going: readonly Listed[]): Promise<void> {
    const words = ["forget", ...new Set(going.map(({ number }) => String(number)))];
    this.#require(await this.#run("forget", words, this.#cacheOf()), words, [0]);
  }

  #cacheOf(): string {
    return pick(this.#caches, this.#draw);
  }

  async #run(command: string, words: readonly string[], cache: string): Promise<Done> {
    return await this.#hand.run(command, () => startOn(this.#place, cache, words));
  }

  #require({ code, fate, output }: Done, words: readonly string[], expected: readonly number[]): void {
    // A backup that was taken for dead begins again by itself; whatever else was, says so.
    const wasTakenForDead = words[0] !== "backup" && /decided by somebody else, who took it for dead/.test(output);
    const isStopped =
      (fate === "killed" && code === undefined) || (fate === "interrupted" && code !== 21) || wasTakenForDead;
    if (!isStopped && (code === undefined || !expected.includes(code)))
      this.#faults.push(`bcat ${words.join(" ")} ended with ${code}: ${output}`);
  }

  async #good(words: readonly string[], cache = this.#caches[0]!): Promise<string> {
    const { code, output } = await startOn(this.#place, cache, words).ended;
    if (code !== 0) this.#faults.push(`bcat ${words.join(" ")} ended with ${code}, nothing beside it: ${output}`);
    return output;
  }

  async #list(): Promise<Listed[]> {
    const output = await this.#good(["snapshots", "--json"], this.#cacheOf());
    return JSON.parse(output.split("\n").find((line) => line.startsWith("[")) ?? "[]") as Listed[];
  }

  /** Nothing runs beside it: what is owed is there and whole, and so is all else that is listed. */
  async #look(): Promise<void> {
    this.#looks++;
    await this.#good(["check", "--read-data", "--no-cache"]);
    const listed = await this.#list();
    const there = new Set(listed.flatMap(({ tags = [] }) => tags));
    for (const tag of this.#owed) if (!there.has(tag)) this.#faults.push(`the snapshot of ${tag} is gone`);
    for (const snapshot of listed) await this.#restore(snapshot, undefined);
  }

  /** @param cache of the machine that restores beside others; undefined when nothing disturbs it */
  async #restore({ number, tags = [] }: Listed, cache: string | undefined): Promise<void> {
    const target = this.#scratch.fresh("restored");
    const words = ["restore", String(number), "all", target];
    const done = cache === undefined ? undefined : await this.#run("restore", words, cache);
    if (done === undefined) await this.#good(words);
    else this.#require(done, words, [0]);
    if (done === undefined || done.code === 0) {
      const differences = compareTrees(this.#recorded.get(tags[0]!)!, recordTree(target));
      if (differences.length > 0) this.#faults.push(`snapshot ${number} (${tags[0]}): ${differences.join("; ")}`);
      this.#compared++;
    }
    rmSync(target, { recursive: true, force: true });
  }

  /** Everybody comes to an end: every machine backs up once more, and what nothing uses becomes free. */
  async #end(): Promise<void> {
    for (let machine = 0; machine < MACHINES; machine++) await this.#backUpAlone(machine, `end-m${machine}`);
    const prunes: string[] = [];
    for (let twice = 0; twice < 2; twice++) prunes.push(await this.#good(SETTLED));
    await this.#look();
    const findings = (await this.#good(["check", "--json", "-v"]))
      .split("\n")
      .filter((line) => line.includes('"code"'));
    this.#faults.push(...findings.filter((line) => /"(?:orphan|unfinished-session)"/.test(line)));
    const lines = (await this.#good(["stats", "--json", "--no-cache"])).split("\n");
    const stats = JSON.parse(lines.find((line) => line.includes('"dead_size"')) ?? "{}") as Stats;
    const { dead_size: dead, condemned_packs: condemned } = stats.repository;
    if (dead !== 0 || condemned !== 0)
      this.#faults.push(`${dead} bytes and ${condemned} packs are left of no use: ${prunes.join("; then: ")}`);
  }
}
