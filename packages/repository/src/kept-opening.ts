/**
 * What it took to open the repository at a location the last time: its config and the key slot that opened, as they are
 * stored there. Kept in the cache, so that the next process need not ask for them; both are worth nothing without the
 * secret. Local, not part of the format: a record beside what `identity.ts` remembers.
 *
 *     1  config          2  name of the key slot          3  key slot
 *     4  varint: head of the log that was known then      5  u64: when, milliseconds since 1970
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { ByteReader, ByteWriter, decodeRecord, encodeRecord } from "@bcat/codec";
import { isBcatError } from "@bcat/errors";
import type { Environment } from "./environment.js";
import { identityPath } from "./identity.js";

/** So long (ms) it is believed: the loss of a config or a key slot must not go unnoticed for longer. */
export const openingAgeMax = 7 * 24 * 3_600_000;
const SIZE_MAX = 2 ** 20;
const LAYOUT = new Map([1, 2, 3, 4, 5].map((number) => [number, { critical: true }]));

export interface KeptOpening {
  readonly config: Uint8Array;
  readonly slotName: string;
  readonly slot: Uint8Array;
  /** Whoever changes key slots says so in the log: one that is longer makes this worthless. */
  readonly logHead: number;
}

/** What was kept, if it is not too old. */
export function readOpening(environment: Environment): KeptOpening | undefined {
  const path = openingPath(environment);
  if (path === undefined) return undefined;
  try {
    const { time, ...opening } = decodeOpening(readFileSync(path));
    const age = environment.now() - time;
    return age >= 0 && age <= openingAgeMax ? opening : undefined;
  } catch {
    return undefined;
  }
}

/** Failing to keep it is no error. */
export function keepOpening(environment: Environment, opening: KeptOpening): void {
  const path = openingPath(environment);
  if (path === undefined) return;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = `${path}.${Buffer.from(environment.random(8)).toString("hex")}`;
    writeFileSync(temporary, encodeOpening({ ...opening, time: environment.now() }), { mode: 0o600 });
    renameSync(temporary, path);
  } catch {
    // As without a cache.
  }
}

function openingPath(environment: Environment): string | undefined {
  const path = identityPath(environment);
  return path === undefined ? undefined : `${path}-opening`;
}

function encodeOpening(opening: KeptOpening & { readonly time: number }): Uint8Array {
  const value = (write: (writer: ByteWriter) => void) => {
    const writer = new ByteWriter();
    write(writer);
    return writer.finish();
  };
  const values = [
    opening.config,
    value((writer) => writer.rawText(opening.slotName)),
    opening.slot,
    value((writer) => writer.varint(opening.logHead)),
    value((writer) => writer.u64(opening.time)),
  ];
  return encodeRecord(values.map((value, index) => ({ number: index + 1, critical: true, value })));
}

function decodeOpening(bytes: Uint8Array): KeptOpening & { readonly time: number } {
  const { fields } = decodeRecord(bytes, { known: LAYOUT, limit: SIZE_MAX, what: "kept opening" });
  const reader = (number: number) => new ByteReader(fields.get(number) ?? new Uint8Array(0), "kept opening");
  return {
    config: fields.get(1) ?? new Uint8Array(0),
    slotName: reader(2).restText(),
    slot: fields.get(3) ?? new Uint8Array(0),
    logHead: reader(4).varint(),
    time: reader(5).u64(),
  };
}

/** True for what says that the repository is not what was kept of it, so that the ordinary way is to be taken. */
export function isOutdated(error: unknown): boolean {
  return ["identity-changed", "corrupt", "newer-format"].some((code) => isBcatError(error) && error.code === code);
}
