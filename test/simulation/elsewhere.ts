/** Registers that live elsewhere than their repository: in a database, or in a folder that has put-if-absent. */
import type { RegistersSource } from "@bcat/repository";
import {
  createMemoryStorage,
  createRetryingStorage,
  createRetryingTable,
  MemoryDatabase,
  openStorageTable,
  type RegisterTable,
  type RetryOptions,
} from "@bcat/storage";
import type { Connection } from "./connection.js";
import type { PlaceKind } from "./knobs.js";
import { Place } from "./place.js";
import type { SimulatedProcess } from "./process.js";

/** How a process comes to registers. */
export interface Access {
  readonly process: SimulatedProcess;
  /** To the place of the repository: each call is on its way as long as one there. */
  readonly connection: Connection;
  readonly connect: (place: Place) => Connection;
  readonly retries: RetryOptions;
}

/** Those of all processes of a run. */
export interface ElsewhereRegisters {
  readonly kind: RegistersSource["kind"];
  /** Told of each row that somebody has decided. */
  onRow: (name: string, author: SimulatedProcess) => void;
  create(id: Uint8Array): Promise<void>;
  /** Whether rows of `generation` are given and taken. */
  isOpen(id: Uint8Array, generation: number): boolean;
  /** What a backup of them would hold now: a function that brings it back. */
  dump(): () => void;
  /** As a process has them, which does not try again. */
  table(id: Uint8Array, access: Access): RegisterTable;
  /** The same, as the command line has them. */
  retryingTable(id: Uint8Array, access: Access): RegisterTable;
}

/** Undefined where they lie with the repository. */
export function registersOfKind(kind: PlaceKind): ElsewhereRegisters | undefined {
  if (kind === "elsewhere") return new DatabaseRegisters();
  return kind === "elsewhere-folder" ? new FolderRegisters() : undefined;
}

export function sourceOf(registers: ElsewhereRegisters, access: Access): RegistersSource {
  return {
    kind: registers.kind,
    location: "elsewhere",
    open: async (id) => registers.retryingTable(id, access),
  };
}

/** Each call of a process is on its way there and back, and its answer may be lost; in between it takes no time. */
class DatabaseRegisters implements ElsewhereRegisters {
  readonly kind = "postgres";
  onRow: ElsewhereRegisters["onRow"] = () => {};
  readonly #database = new MemoryDatabase();

  async create(id: Uint8Array): Promise<void> {
    await this.#database.open(id).create();
  }

  isOpen(id: Uint8Array, generation: number): boolean {
    return this.#database.isOpen(id, generation);
  }

  dump(): () => void {
    return this.#database.dump();
  }

  table(id: Uint8Array, { connection, process }: Access): RegisterTable {
    const inner = this.#database.open(id);
    const nothing = () => ({ value: undefined });
    const call = async <T>(kind: string, name: string, effect: () => Promise<T>): Promise<T> => {
      await connection.call(`table.${kind}`, name, nothing);
      const value = await effect();
      await connection.call(`table.${kind} answer`, name, nothing);
      return value;
    };
    return {
      kind: inner.kind,
      location: inner.location,
      state: () => call("state", "", () => inner.state()),
      create: () => call("create", "", () => inner.create()),
      get: (generation, name) => call("get", name, () => inner.get(generation, name)),
      insert: (generation, name, bytes) =>
        call("insert", name, async () => {
          await inner.insert(generation, name, bytes);
          this.onRow(name, process);
        }),
      close: (token) => call("close", "", () => inner.close(token)),
      claim: (...given) => call("claim", "", () => inner.claim(...given)),
      fill: (token, generation, rows) => call("fill", "", () => inner.fill(token, generation, rows)),
      open: (token, generation) => call("open", "", () => inner.open(token, generation)),
      [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
    };
  }

  retryingTable(id: Uint8Array, access: Access): RegisterTable {
    return createRetryingTable(this.table(id, access), access.retries);
  }
}

const ROW = /^[0-9a-f]{32}\/\d{10}\/((?:sessions|outcomes|log)\/\d{10})$/;

/** A place of its own, where each put and each get is a call. */
class FolderRegisters implements ElsewhereRegisters {
  readonly kind = "storage";
  onRow: ElsewhereRegisters["onRow"] = () => {};
  readonly #place = new Place(false);

  constructor() {
    this.#place.onChange = ({ name, bytes, author }) => {
      const [, row] = ROW.exec(name) ?? [];
      // A repair decides nothing.
      if (row !== undefined && bytes !== undefined && author !== undefined && !author.kind.endsWith("repair"))
        this.onRow(row, author);
    };
  }

  async create(id: Uint8Array): Promise<void> {
    const storage = createMemoryStorage();
    await openStorageTable(storage, id).create();
    this.#place.furnish(storage.objects);
  }

  isOpen(id: Uint8Array, generation: number): boolean {
    const folder = `${Buffer.from(id).toString("hex")}/${String(generation).padStart(10, "0")}`;
    return this.#place.objects.has(`${folder}/open`) && !this.#place.objects.has(`${folder}/closed`);
  }

  dump(): () => void {
    const objects = new Map(this.#place.objects);
    return () => {
      this.#place.objects.clear();
      this.#place.furnish(objects);
    };
  }

  table(id: Uint8Array, access: Access): RegisterTable {
    return openStorageTable(access.connect(this.#place), id);
  }

  retryingTable(id: Uint8Array, access: Access): RegisterTable {
    return openStorageTable(createRetryingStorage(access.connect(this.#place), access.retries), id);
  }
}
