/** Single records of a repository, opened and decoded, and objects as they are stored: for whoever looks for a fault. */
import { ObjectType, openObject } from "@bcat/crypto";
import { BcatError } from "@bcat/errors";
import { DATA, TREE } from "@bcat/pack";
import { decodeLogRecord, type LogRecord } from "../bodies/log.js";
import type { Outcome } from "../bodies/outcome.js";
import { decodeOutcome } from "../bodies/outcome.js";
import { decodeSession, type SessionBody } from "../bodies/session.js";
import { readAndOpen } from "../read-again.js";
import { registerName } from "../registers.js";
import { partsOf, type Repository } from "../repository.js";

const readers = {
  sessions: { type: ObjectType.SESSION, decode: decodeSession },
  outcomes: { type: ObjectType.OUTCOME, decode: decodeOutcome },
  log: { type: ObjectType.LOG, decode: decodeLogRecord },
} as const;

export type RecordKind = keyof typeof readers;

/** What the register of that number holds, as the storage has it now. @throws BcatError not-found; CorruptError; StorageError */
export async function readRecord(
  repository: Repository,
  kind: RecordKind,
  number: number,
): Promise<SessionBody | Outcome | LogRecord> {
  const { storage, context } = partsOf(repository);
  const name = registerName(kind, number);
  const { type, decode } = readers[kind];
  const record = await readAndOpen<SessionBody | Outcome | LogRecord>(
    () => storage.get(name),
    (bytes) => decode(openObject(context.keys, { type, name }, bytes).body, name),
  );
  if (record === undefined) throw new BcatError("not-found", `Cannot find "${name}" in the repository`);
  return record;
}

/** An object as it is stored, sealed. @throws BcatError not-found; StorageError */
export async function readObject(repository: Repository, name: string): Promise<Uint8Array> {
  const bytes = await partsOf(repository).storage.get(name);
  if (bytes === undefined) throw new BcatError("not-found", `Cannot find "${name}" in the repository`);
  return bytes;
}

/** A chunk, opened: that of a tree, or of any kind. @param id all of it, or its first 16 bytes @throws CorruptError; StorageError */
export async function readAnyChunk(repository: Repository, kind: "tree" | "any", id: Uint8Array): Promise<Uint8Array> {
  const index = await repository.index();
  const isData = kind === "any" && index.locate(DATA, id).length > 0;
  return await repository.readChunk(isData ? DATA : TREE, id);
}
