/** One simulated run: a place, machines, processes on them, and an oracle that looks at the place. */
import { loadBlake3 } from "@bcat/crypto";
import { loadZstd } from "@bcat/pack";
import { createRegisterCheck, type Environment, openRepository, type Repository } from "@bcat/repository";
import { createRetryingStorage, type RegisterTable, type RetryOptions, type Storage } from "@bcat/storage";
import { Connection, type ConnectionParts, type Weather } from "./connection.js";
import type { Dice } from "./dice.js";
import { clearDisk, copyFolder, type DiskCopy, replaceFolder } from "./disk.js";
import { type Access, type ElsewhereRegisters, registersOfKind, sourceOf } from "./elsewhere.js";
import { isExpected } from "./expected-errors.js";
import { isForOneWriter, type Knobs, overwrites } from "./knobs.js";
import { BLOCK_SIZE, Machine } from "./machine.js";
import { newRepository } from "./new-repository.js";
import { rememberKeys } from "./oracle/keys.js";
import { Oracle } from "./oracle/oracle.js";
import { Violation } from "./oracle/violation.js";
import { Owners } from "./owners.js";
import { Place } from "./place.js";
import { type Fate, SimulatedProcess } from "./process.js";
import { Scheduler } from "./scheduler.js";
import { type Home, SecondRepository } from "./second.js";
import { type Contents, Source } from "./source.js";

/** Of a machine, and many more. */
const INODES_MAX = 1_000_000;
/** In which nothing goes wrong. */
export const CALM: Weather = {
  latency: 1,
  errors: 0,
  lostAnswers: 0,
  shortBodies: 0,
  tornWrites: 0,
  lateness: 1,
  timeout: 1,
};
const blake3 = loadBlake3("auto");
const zstd = await loadZstd("auto");

/** What a process does. */
export type Body = (process: SimulatedProcess) => Promise<void>;

/** A world at a moment when nobody is at work: others begin with copies of it. */
export interface WorldState {
  readonly now: number;
  /** Processes until then. */
  readonly started: number;
  readonly rootKey: Uint8Array;
  readonly repositoryId: Uint8Array;
  readonly registersId: Uint8Array | undefined;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly contents: Contents;
  readonly machines: readonly { readonly machine: Machine; readonly disk: DiskCopy }[];
  readonly registers: ElsewhereRegisters | undefined;
  /** Brings back what was in them. */
  readonly restoreRegisters: () => void;
  readonly owners: Owners;
  readonly oracle: Oracle;
  readonly violation: Violation | undefined;
}

/** To a place. */
interface Way extends Pick<ConnectionParts, "place" | "shortened" | "location"> {
  /** What arrives there, arrives whole. */
  readonly isWhole?: boolean;
}

export class World implements Home {
  readonly dice: Dice;
  readonly scheduler = new Scheduler();
  readonly knobs: Knobs;
  readonly place: Place;
  contents!: Contents;
  owners: Owners;
  readonly counts = new Map<string, number>();
  /** Those that live elsewhere. */
  registers: ElsewhereRegisters | undefined;
  /** Undefined where registers lie with the repository. */
  registersId: Uint8Array | undefined;
  oracle!: Oracle;
  second: SecondRepository | undefined;
  violation: Violation | undefined;
  #isCalm = false;
  #rootKey!: Uint8Array;
  #repositoryId!: Uint8Array;
  #active = 0;
  #started = 0;
  readonly #machines = new Map<string, Machine>();
  /** Of the place. */
  readonly location = "simulated";
  /** Names that have arrived cut short. */
  readonly shortened = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  /** What begins when everybody has ended, one after another. */
  readonly #afterwards: (() => void)[] = [];
  /** Machine and name of those processes that are there. */
  readonly #running = new Set<string>();

  constructor(dice: Dice, knobs: Knobs) {
    this.dice = dice;
    this.knobs = knobs;
    this.place = new Place(overwrites(this.knobs));
    this.owners = new Owners(isForOneWriter(this.knobs));
  }

  /** Begins with an empty disk, and a new repository in the place. */
  async init(): Promise<void> {
    this.#clearDisk();
    const { size } = this.knobs;
    const blocks = Array.from({ length: this.dice.within(size.blocks) }, () => this.dice.bytes(BLOCK_SIZE));
    this.contents = { blocks, size, inodesAbove: this.knobs.isSecond ? INODES_MAX : 1 };
    const { rootKey, repositoryId, objects, registersId } = await newRepository(this.knobs, {
      blake3,
      zstd,
      sizes: {},
    });
    this.place.furnish(objects);
    this.#rootKey = rootKey;
    this.#repositoryId = repositoryId;
    this.registersId = registersId;
    const registers = registersOfKind(this.knobs.kind);
    this.registers = registers;
    if (registersId !== undefined) await registers?.create(registersId);
    this.oracle = new Oracle({
      ...{ keys: rememberKeys(rootKey, repositoryId), place: this.place, isForOneWriter: isForOneWriter(this.knobs) },
      isOpen: (generation) => registersId !== undefined && registers?.isOpen(registersId, generation) === true,
    });
    this.#openPlace();
  }

  /** Begins with what another one had come to. */
  beginWith(state: WorldState): void {
    this.#clearDisk();
    this.scheduler.now = state.now;
    this.#started = state.started;
    this.place.furnish(state.objects);
    this.#rootKey = state.rootKey;
    this.#repositoryId = state.repositoryId;
    this.registersId = state.registersId;
    this.contents = state.contents;
    this.registers = state.registers;
    state.restoreRegisters();
    for (const { machine, disk } of state.machines) this.#addCopy(machine, disk);
    this.owners = state.owners.copy((owner) => ({ ...owner, machine: this.#machines.get(owner.machine.name)! }));
    this.violation = state.violation;
    this.oracle = state.oracle.copy(this.place);
    this.#openPlace();
  }

  /** Has another repository beside it, which is what another world had come to. */
  addSecond(state: WorldState): void {
    const second = new SecondRepository(state);
    this.second = second;
    this.#watch(second);
  }

  /** Of the repository, in hexadecimal digits. */
  get id(): string {
    return Buffer.from(this.#repositoryId).toString("hex");
  }

  /** To be taken when nothing is going to happen any more. */
  state(): WorldState {
    const { scheduler, place, contents, registers, owners, oracle, violation } = this;
    return {
      ...{ now: scheduler.now, started: this.#started, registersId: this.registersId },
      ...{ rootKey: this.#rootKey, repositoryId: this.#repositoryId },
      ...{ objects: place.objects, contents, registers, restoreRegisters: registers?.dump() ?? (() => {}) },
      ...{ owners, oracle, violation },
      machines: [...this.#machines.values()].map((machine) => ({ machine, disk: copyFolder(machine.disk) })),
    };
  }

  /** The one of this name, a new one if there is none yet. */
  machine(name: string): Machine {
    return this.#machines.get(name) ?? this.addMachine(name, {});
  }

  #clearDisk(): void {
    clearDisk((path) => this.#machines.get(path.split("/")[1]!)?.time(this.scheduler.now) ?? 0);
  }

  #openPlace(): void {
    const { reserve = 0 } = this.knobs;
    if (reserve > 0) this.place.furnish(new Map([["reserve", this.dice.bytes(reserve)]]));
    this.#watch(this);
    if (this.registers !== undefined)
      this.registers.onRow = (name, author) => this.owners.note(name, author, this.scheduler.now);
  }

  #watch({ place, oracle, owners }: Home & { readonly place: Place }): void {
    place.onAttempt = (name, bytes) => this.guard(() => oracle.attempt(name, bytes));
    place.onChange = (change) => {
      const { name, author, bytes } = change;
      if (author !== undefined) owners.note(name, author, this.scheduler.now);
      if (bytes !== undefined) this.scheduler.trace.addBytes(bytes);
      this.guard(() => oracle.change(change));
    };
  }

  #addCopy(original: Machine, disk: DiskCopy): void {
    const { dice, scheduler } = this;
    const machine = original.copy(this.#nextSeed());
    this.#machines.set(machine.name, machine);
    const times = { now: () => scheduler.now, time: () => machine.time(scheduler.now) };
    machine.source = original.source.copy(dice, times);
    replaceFolder(machine.disk, disk);
  }

  #nextSeed(): number {
    return (this.#machines.size + 1) * 7919 + this.dice.integer(0, 2 ** 30);
  }

  addMachine(name: string, { like }: { like?: Machine }): Machine {
    const { dice, knobs, scheduler } = this;
    const machine = new Machine({
      name,
      clientId: like?.clientId ?? dice.bytes(16),
      seed: this.#nextSeed(),
      hasCache: like?.hasCache ?? (isForOneWriter(knobs) || dice.chance(0.85)),
      location: this.location,
    });
    this.#machines.set(name, machine);
    const times = { now: () => scheduler.now, time: () => machine.time(scheduler.now) };
    machine.source = like === undefined ? Source.make(dice, this.contents, times) : like.source.copy(dice, times);
    if (like !== undefined) machine.takeCacheOf(like);
    return machine;
  }

  environment(process: SimulatedProcess): Environment {
    const { knobs, scheduler } = this;
    const wait = (milliseconds: number) => scheduler.sleep(milliseconds);
    const { packSize, packsPerSegment, checkpointSize, keepsTrees, parity } = knobs;
    const sizes = { packSize, packsPerSegment, ...(checkpointSize !== undefined && { checkpointSize }) };
    const processes = {
      mark: process.name,
      mayRun: (mark: string) => this.#running.has(`${process.machine.name} ${mark}`),
    };
    const environment = process.machine.environment({ blake3, zstd, sizes, wait }, () => scheduler.now);
    return { ...environment, processes, keepsTrees, parity };
  }

  connect(process: SimulatedProcess): Storage {
    return createRetryingStorage(this.#connection(process), this.#retries());
  }

  async open(process: SimulatedProcess): Promise<Repository> {
    const registers = this.registers && sourceOf(this.registers, this.#access(process));
    return await openRepository(this.connect(process), this.#rootKey, this.environment(process), { registers });
  }

  /** The second repository, as a process has it. */
  async openSecond(process: SimulatedProcess): Promise<Repository> {
    const { place, shortened, rootKey } = this.second!;
    const location = "second";
    const connection = this.#connection(process, { place, shortened, location });
    const storage = createRetryingStorage(connection, this.#retries());
    return await openRepository(storage, rootKey, { ...this.environment(process), location });
  }

  registerCheck(process: SimulatedProcess): (name: string, bytes: Uint8Array) => boolean {
    return createRegisterCheck(this.place.objects.get("config")!, this.#rootKey, this.environment(process));
  }

  /** Of the registers that live elsewhere, as a process has it. */
  registerTable(process: SimulatedProcess): RegisterTable {
    return this.registers!.table(this.registersId!, this.#access(process));
  }

  #access(process: SimulatedProcess): Access {
    return {
      process,
      connection: this.#connection(process),
      connect: (place) =>
        this.#connection(process, { place, location: "elsewhere", shortened: new Set(), isWhole: true }),
      retries: this.#retries(),
    };
  }

  #retries(): RetryOptions {
    const { scheduler, dice, knobs } = this;
    return {
      now: () => scheduler.now,
      sleep: (milliseconds) => scheduler.sleep(milliseconds),
      random: () => dice.fraction(),
      retryForMs: this.#isCalm ? 0 : knobs.retryFor,
    };
  }

  #connection(process: SimulatedProcess, { place, shortened, location, isWhole = false }: Way = this): Connection {
    const { scheduler, dice, knobs } = this;
    const weather = isWhole ? { ...knobs.weather, shortBodies: 0 } : knobs.weather;
    return new Connection({
      ...{ place, process, scheduler, dice, shortened, location },
      weather: () => (this.#isCalm ? CALM : weather),
      onDeath: () => this.#end(process, "deaths"),
    });
  }

  /**
   * Starts a process; where only one may write at a time, when its turn has come.
   *
   */
  start(kind: string, machine: Machine, body: Body, fate: Fate = {}): void {
    if (isForOneWriter(this.knobs) && this.#active > 0) {
      this.#waiting.push(() => this.start(kind, machine, body, fate));
      return;
    }
    const { dice, knobs, scheduler } = this;
    this.#active++;
    this.count(kind);
    this.count("processes");
    const name = `${machine.name}.${kind}${++this.#started}`;
    const deathChance = this.#isCalm ? 0 : knobs.deaths;
    const pace = this.#isCalm ? 1 : dice.pick([1, 1, 4, 12]);
    const process = new SimulatedProcess({ name, kind, machine, deathChance, pace, ...fate }, scheduler.now);
    scheduler.trace.add(`${scheduler.now} ${name} begins`);
    this.#running.add(`${machine.name} ${name}`);
    body(process).then(
      () => !process.isDead && this.#end(process, `${kind} done`),
      (error: unknown) => {
        if (process.isDead) return;
        scheduler.trace.add(`${scheduler.now} ${name} fails: ${error instanceof Error ? error.message : error}`);
        this.guard(() => {
          if (error instanceof Violation) throw error;
          if (!isExpected(error, knobs)) throw unexpected(name, error);
        });
        this.#end(process, `${kind} failed`);
      },
    );
  }

  /** No faults from now on, and no deaths. */
  calmDown(): void {
    this.#isCalm = true;
    this.place.limit = Number.POSITIVE_INFINITY;
  }

  get isIdle(): boolean {
    return this.#active === 0 && this.#waiting.length === 0 && this.#afterwards.length === 0;
  }

  /** Has `begin` happen when nobody is at work, after those who have asked before. */
  afterwards(begin: () => void): void {
    this.#afterwards.push(begin);
  }

  /** Lets time pass; whoever waits for something that never comes is a violation, and whoever goes on for ever. */
  async settle(isOver: () => boolean): Promise<void> {
    const isDone = await this.scheduler.run(isOver);
    if (isDone || (this.isIdle && !this.scheduler.isEndless)) return;
    const names = [...this.#running].map((key) => key.split(" ")[1]).join(", ");
    this.guard(() => {
      if (this.scheduler.isEndless) throw new Violation("endless", `${names} goes on and on`);
      throw new Violation("standstill", `${names} waits for what never comes`);
    });
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Keeps the first violation. */
  guard(look: () => void): void {
    if (this.violation !== undefined) return;
    try {
      look();
    } catch (error) {
      this.violation = error instanceof Violation ? error : unexpected("oracle", error);
      this.scheduler.trace.add(`${this.scheduler.now} ${this.violation.message}`);
    }
  }

  #end({ machine, name }: SimulatedProcess, what: string): void {
    // What an ended one has left behind may make a call yet, and die at it.
    if (!this.#running.delete(`${machine.name} ${name}`)) return;
    this.count(what);
    this.#active--;
    this.scheduler.after(1, () => this.#goOn());
  }

  #goOn(): void {
    this.#waiting.shift()?.();
    while (this.#active === 0 && this.#afterwards.length > 0) this.#afterwards.shift()!();
  }
}

function unexpected(who: string, error: unknown): Violation {
  const message = error instanceof Error ? error.message : String(error);
  return new Violation("unexpected-error", `${who}: ${message}`, { cause: error });
}
