/**
 * Clients, repairs, a database that is emptied or goes back in time, and requests that are lost, unanswered or late, in
 * an order drawn from a seed. Whatever anyone was once told a register says must be what it says to everyone, for ever.
 */
import { isBcatError, StorageError } from "@bcat/errors";
import {
  createMemoryStorage,
  createMulberry32,
  createRetryingStorage,
  createRetryingTable,
  MemoryDatabase,
} from "@bcat/storage";
import { expect, test } from "vitest";
import { decideRegister, registerName } from "../registers.js";
import { openRegistersElsewhere } from "./registers-elsewhere.js";
import { repairRegisters } from "./repair.js";
import { bytesOf, hash, hookedStorage, hookedTable, id, overwriting, textOf } from "./test-world.js";

const seeds = { first: Number(process.env.SEED ?? 1), count: Number(process.env.SEEDS ?? 150) };
const writerCount = 4;
const turnsMax = 4_000;
const maySettleLater = /^(?:objects\.put|objects\.putIfAbsent|table\.(?:insert|fill|claim|close|open))$/;

type Effect = () => Promise<void>;

class Simulation {
  readonly random: () => number;
  readonly database = new MemoryDatabase();
  readonly objects = overwriting(createMemoryStorage());
  readonly seen = new Map<string, string>();
  readonly counts = { decided: 0, lost: 0, repaired: 0, refused: 0 };
  isCalm = false;
  #waiting: Effect[] = [];
  #dumps: (() => void)[] = [];
  #values = 0;
  #repairs = 0;

  constructor(seed: number) {
    this.random = createMulberry32(seed);
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  /** One request: it takes effect when its turn comes, and may be lost on the way there or back, or be late. */
  request<T>(kind: string, effect: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(async () => {
        const fault = this.isCalm ? 1 : this.random();
        const lost = () => reject(new StorageError("lost"));
        if (fault < 0.02) return lost();
        if (fault < 0.05) return await effect().then(lost, lost);
        if (fault < 0.08 && maySettleLater.test(kind)) {
          this.#waiting.push(async () => void (await effect().catch(() => {})));
          return lost();
        }
        await effect().then(resolve, reject);
      });
    });
  }

  /** Until nobody waits for anything. */
  async run(): Promise<void> {
    for (let turn = 0; ; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#waiting.length === 0) return;
      if (turn > turnsMax) this.isCalm = true;
      if (!this.isCalm) this.#disturb();
      const [next] = this.#waiting.splice(Math.floor(this.random() * this.#waiting.length), 1);
      await next!();
    }
  }

  #disturb(): void {
    if (this.chance(0.01)) this.#dumps.push(this.database.dump());
    if (!this.chance(0.003)) return;
    this.counts.lost++;
    const dump = this.#dumps[Math.floor(this.random() * this.#dumps.length)];
    if (dump !== undefined && this.chance(0.6)) dump();
    else this.database.empty();
    for (let i = this.chance(0.2) ? 2 : 1; i > 0; i--) void this.repair();
  }

  parts() {
    const retries = { now: () => 0, sleep: async () => {}, random: () => 0, retryForMs: 1 };
    const { database, objects } = this;
    const simulated = <T extends object>(inner: T, prefix: string): T =>
      new Proxy(inner, {
        get: (target, property) => {
          const value = Reflect.get(target, property) as unknown;
          if (typeof value !== "function" || typeof property === "symbol") return value;
          if (property === "list") return value.bind(target);
          return (...given: unknown[]) =>
            this.request(`${prefix}.${property}`, () => Promise.resolve(value.apply(target, given)));
        },
      });
    const storage = hookedStorage(simulated(objects, "objects"), () => {});
    const table = hookedTable(simulated(database.open(id), "table"), () => {});
    return {
      objects: createRetryingStorage(storage, retries),
      table: createRetryingTable(table, retries),
      id,
    };
  }

  async repair(): Promise<void> {
    const token = `${++this.#repairs}`.padStart(4, "0");
    await this.#ended(async () => {
      await repairRegisters({ ...this.parts(), token, isWhole: () => true });
      this.counts.repaired++;
    });
  }

  /** A program that is run again and again, and gives up when it is told to. */
  async writer(): Promise<void> {
    for (let i = 0; i < 4; i++) await this.#ended(() => this.#session());
  }

  async #session(): Promise<void> {
    const storage = await openRegistersElsewhere({ ...this.parts(), hash });
    const look = async (name: string) => {
      const value = textOf(await storage.get(name));
      if (value !== undefined) this.#note(name, value);
      return value;
    };
    const decide = async (name: string) => {
      const value = `${name} ${++this.#values}`;
      if (await decideRegister(storage, name, bytesOf(value))) this.#note(name, value);
      return (await look(name)) === value;
    };
    let number = 1;
    while ((await look(registerName("sessions", number))) !== undefined) number++;
    while (!(await decide(registerName("sessions", number)))) number++;
    let record = 1;
    while ((await look(registerName("log", record))) !== undefined) record++;
    if (this.chance(0.3)) await decide(registerName("log", record));
    if (this.chance(0.2)) return;
    await decide(registerName("outcomes", number));
    this.counts.decided++;
  }

  async #ended(run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (!isBcatError(error, "identity-changed")) throw error;
      this.counts.refused++;
    }
  }

  #note(name: string, value: string): void {
    const known = this.seen.get(name);
    if (known !== undefined && known !== value) throw new Error(`"${name}" was ${known}, and is ${value}`);
    this.seen.set(name, value);
  }
}

async function simulate(seed: number): Promise<Simulation["counts"]> {
  const simulation = new Simulation(seed);
  await simulation.database.open(id).create();
  const writers = Array.from({ length: writerCount }, () => simulation.writer());
  await Promise.all([simulation.run(), ...writers]);
  simulation.isCalm = true;
  const isUsable = simulation.parts();
  const state = isUsable.table.state();
  await simulation.run();
  if ((await state)?.isOpen !== true || simulation.counts.lost > 0)
    await Promise.all([simulation.repair(), simulation.run()]);
  const opening = openRegistersElsewhere({ ...simulation.parts(), hash });
  await simulation.run();
  const storage = await opening;
  for (const [name, value] of simulation.seen) {
    const reading = storage.get(name);
    await Promise.all([simulation.run(), reading.catch(() => {})]);
    const found = textOf(await reading);
    if (found !== value) throw new Error(`"${name}" was ${value}, and is ${found}`);
  }
  return simulation.counts;
}

test("whatever anyone was told a register says is what it says for ever", async () => {
  const total = { decided: 0, lost: 0, repaired: 0, refused: 0 };
  for (let seed = seeds.first; seed < seeds.first + seeds.count; seed++) {
    const counts = await simulate(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
    });
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counts[name];
  }
  if (process.env.SEEDS !== undefined) console.log(total);
  for (const count of Object.values(total)) expect(count).toBeGreaterThan(0);
});
