/** Archives as they are given: packed by gzip or zstd, or not, which their first bytes tell. */
import { addAbortSignal, pipeline, Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { BcatError, describeSystemError } from "@bcat/errors";

interface Form {
  readonly name: string;
  readonly magic: readonly number[];
  /** Undefined where this program cannot read it. */
  readonly unpack: (() => Transform) | undefined;
  /** That can. */
  readonly program: string;
}

/** Node has it from 22.15 on. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

const forms: readonly Form[] = [
  { name: "gzip", magic: [0x1f, 0x8b], unpack: zlib.createGunzip, program: "gzip -dc" },
  { name: "zstd", magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: createZstdDecompress, program: "zstd -dc" },
  { name: "xz", magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], unpack: undefined, program: "xz -dc" },
  { name: "bzip2", magic: [0x42, 0x5a, 0x68], unpack: undefined, program: "bzip2 -dc" },
  { name: "lz4", magic: [0x04, 0x22, 0x4d, 0x18], unpack: undefined, program: "lz4 -dc" },
];
const magicLengthMax = 5;

/** The archive of a stream, unpacked. @throws BcatError usage for what is packed in another way; source-failed */
export async function* unpacked(source: Readable, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  addAbortSignal(signal, source);
  try {
    const { head, rest } = await readHead(source);
    const form = forms.find(({ magic }) => magic.every((byte, i) => head[i] === byte));
    if (form === undefined) {
      yield head;
      yield* rest;
      return;
    }
    if (form.unpack === undefined)
      throw new BcatError(
        "usage",
        `Cannot read an archive packed by ${form.name} here: unpack it before, as with ${form.program} FILE | bcat import-tar`,
      );
    yield* through(form.unpack(), head, rest);
  } catch (error) {
    if (signal.aborted || error instanceof BcatError) throw error;
    throw new BcatError("source-failed", `Cannot read the archive: ${describeFault(error)}; nothing was committed`, {
      cause: error,
    });
  }
}

function describeFault(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("Z") ? `as it is packed, it is damaged or cut off (${code})` : describeSystemError(error);
}

type Pieces = AsyncIterable<Uint8Array>;

async function* through(unpack: Transform, head: Uint8Array, rest: Pieces): Pieces {
  const all = async function* () {
    yield head;
    yield* rest;
  };
  // An error comes out of the iteration.
  pipeline(Readable.from(all(), { objectMode: false }), unpack, () => {});
  yield* unpack as Pieces;
}

async function readHead(source: Readable): Promise<{ head: Uint8Array; rest: Pieces }> {
  const pieces = source[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  let head = Buffer.alloc(0);
  while (head.length < magicLengthMax) {
    const { value, done } = await pieces.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  return { head, rest: { [Symbol.asyncIterator]: () => pieces } };
}
