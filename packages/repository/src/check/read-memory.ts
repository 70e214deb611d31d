/**
 * When which pack was read and found right, as far as this client remembers it of one place: in its cache, sealed, so
 * that checks which read a part each time go on with what was read longest ago. A lost one costs reading again.
 *
 *     <folder of the place>/reads     sealed: 24 bytes name reference ‖ u64 time (ms), for each pack
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ByteReader, ByteWriter } from "@bcat/codec";
import { ObjectType, openObject, sealObject } from "@bcat/crypto";
import { isBcatError } from "@bcat/errors";
import { type PackContext, packName, parseObjectName } from "@bcat/pack";
import { readNameReference, writeNameReference } from "../bodies/references.js";
import { isSystemError, writeWhole } from "../cache-files.js";

const READS = "reads";
const OBJECT = { type: ObjectType.PARTIAL, name: "local/reads/1", epoch: 0, domain: 0 } as const;
/** Packs that are remembered, 32 bytes each; of more, those read longest ago are forgotten. */
const PACKS_MAX = 500_000;
/** Bytes read between two times that it is written: what a kill may cost. */
const SAVE_BYTES = 4 * 2 ** 30;

export interface ReadMemoryOptions {
  readonly context: PackContext;
  /** The cache folder of the place; undefined to remember nothing beyond this run. */
  readonly folder: string | undefined;
  /** Milliseconds. */
  readonly now: () => number;
}

export class ReadMemory {
  readonly #options: ReadMemoryOptions;
  readonly #times: Map<string, number>;
  #bytesUnsaved = 0;

  /** Reads what an earlier run has left. */
  constructor(options: ReadMemoryOptions) {
    this.#options = options;
    this.#times = load(options);
  }

  /** When the pack was read, ms; undefined when that is not known. */
  lastRead(name: string): number | undefined {
    return this.#times.get(name);
  }

  /** Notes that a pack of `size` bytes was read and is right. */
  note(name: string, size: number): void {
    this.#times.set(name, this.#options.now());
    this.#bytesUnsaved += size;
    if (this.#bytesUnsaved >= SAVE_BYTES) this.save();
  }

  /** Keeps what was noted, of `packs` if they are given. Failing to is no error. */
  save(packs?: ReadonlySet<string>): void {
    const { context, folder } = this.#options;
    if (folder === undefined || this.#bytesUnsaved === 0) return;
    const known = [...this.#times].filter(([name]) => packs === undefined || packs.has(name));
    const newest = known.sort(([, a], [, b]) => b - a).slice(0, PACKS_MAX);
    writeWhole({ folder, name: READS, random: context.random }, sealObject(context, OBJECT, encode(newest)));
    this.#bytesUnsaved = 0;
  }
}

function load({ context, folder }: ReadMemoryOptions): Map<string, number> {
  if (folder === undefined) return new Map();
  try {
    return decode(openObject(context.keys, OBJECT, readFileSync(join(folder, READS))).body);
  } catch (error) {
    if (isBcatError(error) || isSystemError(error)) return new Map();
    throw error;
  }
}

function encode(times: readonly (readonly [string, number])[]): Uint8Array {
  const writer = new ByteWriter();
  for (const [name, time] of times) {
    writeNameReference(writer, parseObjectName(name)!);
    writer.u64(time);
  }
  return writer.finish();
}

function decode(body: Uint8Array): Map<string, number> {
  const reader = new ByteReader(body, "memory of what was read");
  const times = new Map<string, number>();
  while (reader.remaining > 0) {
    const name = packName(readNameReference(reader));
    times.set(name, reader.u64());
  }
  return times;
}
