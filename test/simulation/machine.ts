/** A simulated machine: a clock that may be wrong, randomness, a disk for caches, and files to be backed up. */
import type { Environment } from "@bcat/repository";
import type { DiskCopy } from "./disk.js";
import { copyFolder, replaceFolder } from "./disk.js";
import { RandomBytes } from "./random-bytes.js";
import type { Source } from "./source.js";

/** Of what files are made of. */
export const BLOCK_SIZE = 1024;
const EPOCH = Date.UTC(2026, 0, 1);

export interface MachineOptions {
  readonly name: string;
  readonly clientId: Uint8Array;
  readonly seed: number;
  readonly hasCache: boolean;
  readonly location: string;
}

export class Machine {
  readonly name: string;
  readonly clientId: Uint8Array;
  readonly hasCache: boolean;
  readonly location: string;
  random: RandomBytes;
  /** What its clock is off, ms. */
  skew = 0;
  /** Set when it has been given files. */
  source!: Source;
  #older: DiskCopy | undefined;

  constructor({ name, clientId, seed, hasCache, location }: MachineOptions) {
    this.name = name;
    this.clientId = clientId;
    this.hasCache = hasCache;
    this.location = location;
    this.random = new RandomBytes(seed);
  }

  /** The same machine in another run, whose randomness is its own. */
  copy(seed: number): Machine {
    const copy = new Machine({ ...this, seed });
    copy.skew = this.skew;
    return copy;
  }

  get disk(): string {
    return `/${this.name}`;
  }

  /** Milliseconds since 1970 by its clock, so many after the beginning of the run. */
  time(now: number): number {
    return EPOCH + Math.floor(now) + this.skew;
  }

  rememberCache(): void {
    this.#older = copyFolder(this.disk);
  }

  loseCache(): void {
    replaceFolder(this.disk, new Map());
  }

  /** As from a backup of the machine. */
  restoreOlderCache(): void {
    if (this.#older !== undefined) replaceFolder(this.disk, this.#older);
  }

  takeCacheOf(other: Machine): void {
    replaceFolder(this.disk, copyFolder(other.disk));
  }

  environment(shared: Pick<Environment, "blake3" | "zstd" | "sizes" | "wait">, now: () => number): Environment {
    const { random } = this;
    return {
      ...shared,
      random: (length) => random.next(length),
      now: () => this.time(now()),
      host: this.name.replace(/'+$/, ""),
      user: "user",
      zone: "UTC",
      clientId: this.clientId,
      programVersion: "simulated",
      cacheDirectory: this.hasCache ? this.disk : undefined,
      location: this.location,
    };
  }
}
