/** A repository without put-if-absent beside a database of registers that can be lost, for tests only. */
import { createHash } from "node:crypto";
import {
  createMemoryStorage,
  MemoryDatabase,
  type MemoryStorage,
  type RegisterTable,
  type Storage,
} from "@bcat/storage";
import { copyName } from "./copies.js";
import { openRegistersElsewhere } from "./registers-elsewhere.js";
import { type RepairSummary, repairRegisters } from "./repair.js";

/** Called before each call to the storage or the table, with its kind and name: `objects.put`, `table.insert`. */
export type Hook = (kind: string, name: string) => Promise<void> | void;

export const id = new Uint8Array(16).fill(7);
export const hash = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
export const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
/** Values here are of several words, and what is cut short ends with the first. */
const isWhole = (_name: string, bytes: Uint8Array) => !Buffer.from(bytes).toString().endsWith("value");
export const textOf = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

/** A storage that once brings the copy of a register cut short to its first word. */
export function cuttingShort(inner: Storage, copy: string): Storage {
  let isDone = false;
  return {
    ...inner,
    get: async (name, options) => {
      const bytes = await inner.get(name, options);
      if (name !== copy || isDone) return bytes;
      isDone = true;
      return bytes?.slice(0, "value".length);
    },
  };
}

export class World {
  /** What a place holds that refuses nothing: the last put wins. */
  readonly objects: Storage;
  readonly database = new MemoryDatabase();
  readonly #memory: MemoryStorage;
  #repairs = 0;

  private constructor() {
    this.#memory = createMemoryStorage();
    this.objects = overwriting(this.#memory);
  }

  static async create(): Promise<World> {
    const world = new World();
    await world.database.open(id).create();
    return world;
  }

  /** As one more client has it. */
  async open(hook: Hook = () => {}): Promise<Storage> {
    const table = hookedTable(this.database.open(id), hook);
    return await openRegistersElsewhere({ objects: hookedStorage(this.objects, hook), table, id, hash });
  }

  async repair(hook: Hook = () => {}): Promise<RepairSummary> {
    const token = `${++this.#repairs}`.padStart(4, "0");
    const table = hookedTable(this.database.open(id), hook);
    return await repairRegisters({ objects: hookedStorage(this.objects, hook), table, id, token, isWhole });
  }

  /** As {@link repair}, from a copy of the objects as they are now. */
  async repairFromCopy(): Promise<RepairSummary> {
    const copy = createMemoryStorage();
    for (const [name, bytes] of this.#memory.objects) await copy.put(name, bytes);
    return await repairRegisters({ objects: copy, table: this.database.open(id), id, token: "ffff", isWhole });
  }

  /** The final copy of a register. */
  copy(generation: number, name: string): string | undefined {
    return textOf(this.#memory.objects.get(copyName(generation, name)));
  }

  names(): string[] {
    return [...this.#memory.objects.keys()];
  }
}

/** A storage without put-if-absent, which also cannot tell that a name holds other bytes. */
export function overwriting(inner: MemoryStorage): Storage {
  const overwrite = async (name: string, bytes: Uint8Array) => {
    await inner.delete(name);
    await inner.put(name, bytes);
  };
  return {
    location: inner.location,
    get: (name, options) => inner.get(name, options),
    put: overwrite,
    putIfAbsent: overwrite,
    list: (prefix) => inner.list(prefix),
    delete: (name) => inner.delete(name),
  };
}

export function hookedStorage(inner: Storage, hook: Hook): Storage {
  return {
    location: inner.location,
    async get(name, options) {
      await hook("objects.get", name);
      return await inner.get(name, options);
    },
    async put(name, bytes, options) {
      await hook("objects.put", name);
      await inner.put(name, bytes, options);
    },
    async putIfAbsent(name, bytes, options) {
      await hook("objects.putIfAbsent", name);
      await inner.putIfAbsent(name, bytes, options);
    },
    async *list(prefix) {
      await hook("objects.list", prefix);
      yield* inner.list!(prefix);
    },
    async delete(name) {
      await hook("objects.delete", name);
      await inner.delete!(name);
    },
  };
}

export function hookedTable(inner: RegisterTable, hook: Hook): RegisterTable {
  const hooked =
    <Given extends unknown[], Result>(kind: string, call: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      await hook(`table.${kind}`, given.find((value) => typeof value === "string" && value.includes("/")) as string);
      return await call(...given);
    };
  return {
    kind: inner.kind,
    location: inner.location,
    state: hooked("state", () => inner.state()),
    create: hooked("create", () => inner.create()),
    get: hooked("get", (...given: Parameters<RegisterTable["get"]>) => inner.get(...given)),
    insert: hooked("insert", (...given: Parameters<RegisterTable["insert"]>) => inner.insert(...given)),
    close: hooked("close", (token: string) => inner.close(token)),
    claim: hooked("claim", (...given: Parameters<RegisterTable["claim"]>) => inner.claim(...given)),
    fill: hooked("fill", (...given: Parameters<RegisterTable["fill"]>) => inner.fill(...given)),
    open: hooked("open", (...given: Parameters<RegisterTable["open"]>) => inner.open(...given)),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
}

/** Runs `action` once, before the first call that `matches`. */
export function once(matches: (kind: string, name: string) => boolean, action: () => unknown): Hook {
  let isDone = false;
  return async (kind, name) => {
    if (isDone || !matches(kind, name)) return;
    isDone = true;
    await action();
  };
}
