/**
 * A random history from a seed, for tests only: several clients, each with what it knows, back up, forget and prune in
 * one repository; whole steps of others come between any two requests of a prune. After every step all snapshots that
 * are not forgotten must be there.
 */
import { createMulberry32, type Storage } from "@bcat/storage";
import type { Repository } from "../repository.js";
import { withoutCache } from "../test-repository.js";
import type { PruneOptions } from "./options.js";
import { PruneWorld } from "./test-world.js";

const CLIENTS = 3;
const CHUNKS = 10;
const STEPS = 20;
/** How often a step of somebody else comes before a request of a prune. */
const BETWEEN = 0.12;

type Writing = Awaited<ReturnType<PruneWorld["begin"]>>;

export class RandomHistory {
  readonly world: PruneWorld;
  readonly #random: () => number;
  readonly #clients: Repository[] = [];
  readonly #writing = new Map<number, Writing>();
  #isBetween = false;

  private constructor(world: PruneWorld, random: () => number) {
    this.world = world;
    this.#random = random;
  }

  static async create(seed: number): Promise<RandomHistory> {
    const history = new RandomHistory(await PruneWorld.create(), createMulberry32(seed));
    await history.world.backup(history.#chunks());
    for (let i = 0; i < CLIENTS; i++) history.#clients.push(await history.world.open());
    return history;
  }

  async run(): Promise<void> {
    for (let step = 0; step < STEPS; step++) await this.#step();
  }

  /** Ends all sessions; prunes until nothing is left to do. */
  async end(): Promise<void> {
    for (const writing of this.#writing.values()) await writing.abandon();
    const last = { isAtOnce: true, voidAfterMs: -1 } as const;
    await this.world.prune(last);
    await this.world.prune(last);
  }

  async #step(): Promise<void> {
    const client = this.#draw(CLIENTS);
    const open = this.#writing.get(client);
    if (open !== undefined) await this.#finish(client, open);
    else await this.#begin(client);
    await this.world.restoreAll();
  }

  async #finish(client: number, writing: Writing): Promise<void> {
    this.#writing.delete(client);
    if (this.#random() < 0.15) return await writing.abandon();
    try {
      await writing.commit();
    } catch (error) {
      if (!(error instanceof Error) || !/decided by somebody else/.test(error.message)) throw error;
      await writing.abandon();
    }
  }

  async #begin(client: number): Promise<void> {
    const drawn = this.#random();
    if (drawn < 0.4) {
      this.#writing.set(client, await this.world.begin(this.#clients[client]!, this.#chunks()));
    } else if (drawn < 0.7) await this.#forget();
    else await this.#prune();
  }

  async #forget(): Promise<void> {
    await using repository = await this.world.open();
    await repository.refresh();
    const { history } = repository;
    const live = [...history.summaries.keys()].filter((number) => !history.isForgotten(number));
    const count = Math.min(live.length - 1, 1 + this.#draw(3));
    if (count > 0) await this.world.forget(...live.slice(0, count));
  }

  async #prune(): Promise<void> {
    await using repository = await this.world.open(withoutCache, this.#isBetween ? undefined : this.#betweenRequests());
    const maxUnused: PruneOptions["maxUnused"] = this.#random() < 0.5 ? { bytes: 0 } : { share: 0.3 };
    const voidAfterMs = this.#random() < 0.2 ? -1 : 1;
    try {
      await this.world.prune({ maxUnused, voidAfterMs, isAtOnce: this.#random() < 0.6 }, repository);
    } catch (error) {
      if (!(error instanceof Error) || !/decided by somebody else/.test(error.message)) throw error;
    }
  }

  #betweenRequests(): Storage {
    const { storage } = this.world.made;
    const between = async () => {
      if (this.#isBetween || this.#random() >= BETWEEN) return;
      this.#isBetween = true;
      await this.#step();
      this.#isBetween = false;
    };
    return {
      location: storage.location,
      async get(name, options) {
        await between();
        return await storage.get(name, options);
      },
      async put(name, bytes, options) {
        await between();
        await storage.put(name, bytes, options);
      },
      async putIfAbsent(name, bytes, options) {
        await between();
        await storage.putIfAbsent(name, bytes, options);
      },
      list: (prefix) => storage.list(prefix),
      async delete(name) {
        await between();
        await storage.delete(name);
      },
    };
  }

  #chunks(): Uint8Array[] {
    const count = 1 + this.#draw(3);
    return Array.from({ length: count }, () => this.world.chunk(1 + this.#draw(CHUNKS), 1500));
  }

  #draw(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}
