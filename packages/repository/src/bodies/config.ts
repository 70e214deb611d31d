/**
 * The body of `config`, docs/format.md section 6: what can never change.
 *
 *     1 c  chunker: u8 kind ‖ u32 minimum ‖ u32 average ‖ u32 maximum
 *     2    time of creation
 *     3    program version
 *     4 c  registers that live elsewhere: u8 kind ‖ 16 bytes id; without it they are where the config is
 *     5    mode of writing: u8, 1 = one writer at a time; without it any number at once
 *     6    parity that writers add to each pack: u8 percent, 1 to 100; without it none
 */

import { type ChunkerSettings, validateSettings } from "@bcat/chunker";
import { type ByteReader, type ByteWriter, decodeRecord, type Field } from "@bcat/codec";
import { PARITY_PERCENT_MAX } from "@bcat/pack";
import { type RegistersKind, registersIdSize } from "@bcat/storage";
import type { RegistersReference } from "../elsewhere/source.js";
import { BodyReader, BodyWriter, recordLayout, writeFixed } from "./fields.js";
import { newerKind } from "./newer.js";

/** The largest body of a config or a session, in bytes. */
export const smallBodySizeMax = 64 * 1024;

export interface ConfigBody {
  readonly chunker: ChunkerSettings;
  /** Milliseconds since 1970-01-01 UTC, as all times of bodies. */
  readonly created: number;
  /** Of the program. */
  readonly version: string;
  /** Of the repository, where they do not live in it. */
  readonly registers?: RegistersReference;
  /**
   * The place cannot keep writers apart that come at the same time, and was taken all the same: who writes looks before
   * it decides a register, and who deletes must not take the storage's word for it.
   */
  readonly isForOneWriter?: boolean;
  /** Percent of each pack that writers add in parity, 1 to 100. */
  readonly parity?: number;
  /** Fields of a newer version, kept. */
  readonly unknown?: readonly Field[];
}

const layout = recordLayout({ critical: [1, 4], other: [2, 3, 5, 6] });
const contentDefined = 1;
const fixed = 2;
const registersKinds: readonly RegistersKind[] = ["postgres", "storage"];
const oneWriter = 1;

export function encodeConfig(config: ConfigBody): Uint8Array {
  const body = new BodyWriter(layout);
  body.field(1, (writer) => writeChunker(writer, config.chunker));
  body.field(2, (writer) => writer.time(config.created));
  body.text(3, config.version);
  const { registers } = config;
  if (registers !== undefined) body.field(4, (writer) => writeRegisters(writer, registers));
  if (config.isForOneWriter === true) body.field(5, (writer) => writer.u8(oneWriter));
  const { parity } = config;
  if (parity !== undefined) body.field(6, (writer) => writer.u8(parity));
  return body.finish(config.unknown);
}

export function decodeConfig(bytes: Uint8Array, what = "config"): ConfigBody {
  const body = new BodyReader(decodeRecord(bytes, { known: layout, limit: smallBodySizeMax, what }), what);
  return {
    chunker: body.field(1, (reader) => readChunker(reader, what)),
    created: body.field(2, (reader) => reader.time()),
    version: body.text(3),
    ...(body.has(4) && { registers: body.field(4, (reader) => readRegisters(reader, what)) }),
    ...(body.has(5) && { isForOneWriter: body.field(5, (reader) => readWriters(reader, what)) }),
    ...(body.has(6) && { parity: body.field(6, readParity) }),
    ...body.unknown(),
  };
}

function writeChunker(writer: ByteWriter, chunker: ChunkerSettings): void {
  validateSettings(chunker);
  writer.u8(chunker.kind === "fixed" ? fixed : contentDefined);
  for (const size of [chunker.minimum, chunker.average, chunker.maximum]) writer.u32(size);
}

function readChunker(reader: ByteReader, what: string): ChunkerSettings {
  const kind = reader.u8();
  if (kind !== contentDefined && kind !== fixed) throw newerKind(what, `chunker ${kind}`);
  const [minimum, average, maximum] = [reader.u32(), reader.u32(), reader.u32()];
  const chunker = { kind: kind === fixed ? "fixed" : "cdc", minimum, average, maximum } as const;
  try {
    validateSettings(chunker);
  } catch {
    throw reader.corrupt(`no chunker cuts into ${minimum}, ${average}, ${maximum} bytes`);
  }
  return chunker;
}

function writeRegisters(writer: ByteWriter, { kind, id }: RegistersReference): void {
  writer.u8(registersKinds.indexOf(kind) + 1);
  writeFixed(writer, id, registersIdSize);
}

function readRegisters(reader: ByteReader, what: string): RegistersReference {
  const number = reader.u8();
  const kind = registersKinds[number - 1];
  if (kind === undefined) throw newerKind(what, `registers of kind ${number}`);
  return { kind, id: reader.raw(registersIdSize) };
}

function readParity(reader: ByteReader): number {
  const percent = reader.u8();
  if (percent >= 1 && percent <= PARITY_PERCENT_MAX) return percent;
  throw reader.corrupt(`${percent} % parity`);
}

function readWriters(reader: ByteReader, what: string): true {
  const mode = reader.u8();
  if (mode !== oneWriter) throw newerKind(what, `mode of writing ${mode}`);
  return true;
}
