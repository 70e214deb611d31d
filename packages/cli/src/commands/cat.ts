/** `bcat cat`: one thing out of a repository, as it is. */
import { BcatError } from "@bcat/errors";
import type { Repository } from "@bcat/repository";
import { ClosedPipe, isTerminal, stdoutSink } from "../byte-sink.js";
import type { Command, Context } from "../command.js";
import { exitCodes } from "../exit-code.js";
import { type Inspected, inspected } from "../inspected.js";
import { quoteText } from "../quote.js";
import { recordJson } from "../record-json.js";
import { withRepository } from "../site.js";
import { usageError } from "../usage.js";

/** Reads a record, or bytes. */
type Read = (repository: Repository) => Promise<object | Uint8Array>;

export const cat: Command = {
  name: "cat",
  summary: "show one record, chunk or pack of the repository",
  operands: [
    { name: "what", count: "one", shown: inspected.join("|") },
    { name: "which", count: "optional", shown: "[number|id|name]" },
  ],
  flags: {},
  examples: [
    ["cat config", "what can never change, as JSON"],
    ["cat snapshot 12", "all that is recorded of it; latest is possible, too"],
    ["cat blob 5f0c…", "the bytes of a chunk, by 32 to 64 digits of its id (also: tree)"],
  ],
  notes: [
    "For whoever looks for a fault: bcat list has the names, and docs/format.md says what they mean. Records are shown as JSON, with bytes in hexadecimal digits; of tree, blob and pack the bytes themselves go to stdout: of a pack as they are stored, of the others opened.",
  ],
  interrupted: "interrupted",
  async run(context) {
    const read = await readerOf(context);
    return await withRepository(context, async (repository) => {
      const found = await read(repository.withSignal(context.signal));
      if (found instanceof Uint8Array) return await writeBytes(found, context);
      context.output.print(recordJson(found));
      return exitCodes.done;
    });
  },
};

/** Looks at the words before the repository is opened. @throws BcatError usage */
async function readerOf({ operands: [word = "", which] }: Context): Promise<Read> {
  const what = inspected.find((name) => name === word);
  if (what === undefined) throw usageError(`Cannot show "${quoteText(word)}": say ${inspected.join(", ")}`);
  if (what === "config") {
    if (which !== undefined) throw usageError(`Cannot use "${quoteText(which)}": there is one config`);
    return async ({ id, config }) => ({ id, ...config });
  }
  if (which === undefined) throw usageError(`Cannot show a ${what}: say which, as bcat list shows it`);
  return await readers[what](which);
}

const readers: Readonly<Record<Exclude<Inspected, "config">, (which: string) => Promise<Read>>> = {
  async snapshot(which) {
    const { findSnapshot, parseSelector } = await import("@bcat/snapshot");
    parseSelector(which);
    return async (repository) => {
      const { number, snapshot } = await findSnapshot(repository, which);
      return { number, ...snapshot };
    };
  },
  session: (which) => recordReader("sessions", which),
  outcome: (which) => recordReader("outcomes", which),
  log: (which) => recordReader("log", which),
  async key(which) {
    const wanted = numberOf(which);
    const { describeKeySlots } = await import("@bcat/repository");
    return async (repository) => {
      await repository.refresh();
      const slot = (await describeKeySlots(repository)).find(({ number }) => number === wanted);
      if (slot === undefined) throw new BcatError("not-found", `Cannot find key ${wanted}: bcat key list shows them`);
      return slot;
    };
  },
  tree: (which) => chunkReader("tree", which),
  blob: (which) => chunkReader("any", which),
  async pack(which) {
    if (!/^packs\/[0-9a-f/-]{1,80}$/.test(which))
      throw usageError(`Cannot use "${quoteText(which)}": give the name of a pack, as bcat list packs shows it`);
    const { readObject } = await import("@bcat/repository");
    return async (repository) => await readObject(repository, which);
  },
};

async function recordReader(kind: "sessions" | "outcomes" | "log", which: string): Promise<Read> {
  const number = numberOf(which);
  const { readRecord } = await import("@bcat/repository");
  return async (repository) => await readRecord(repository, kind, number);
}

async function chunkReader(kind: "tree" | "any", which: string): Promise<Read> {
  const id = chunkIdOf(which);
  const { readAnyChunk } = await import("@bcat/repository");
  return async (repository) => await readAnyChunk(repository, kind, id);
}

function numberOf(which: string): number {
  if (/^[1-9]\d{0,9}$/.test(which)) return Number(which);
  throw usageError(`Cannot use "${quoteText(which)}": give a number`);
}

/** The index knows the first 16 bytes of ids. */
function chunkIdOf(which: string): Uint8Array {
  if (/^(?:[0-9a-f]{2}){16,32}$/.test(which)) return Buffer.from(which, "hex");
  throw usageError(`Cannot use "${quoteText(which)}": give the 32 to 64 digits of an id, a to f in small letters`);
}

async function writeBytes(bytes: Uint8Array, { output, signal }: Context): Promise<number> {
  if (isTerminal()) throw usageError("Cannot write bytes to a terminal: redirect stdout");
  try {
    await stdoutSink(output, signal).write(bytes);
    return exitCodes.done;
  } catch (error) {
    if (error instanceof ClosedPipe) return exitCodes.closedPipe;
    throw error;
  }
}
