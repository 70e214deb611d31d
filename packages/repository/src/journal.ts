/**
 * What a session notes of itself in the cache: who holds it, and the packs that it has put since its last checkpoint. The
 * next session of this client finds there what a dead one has left. It is disposable: without it what was stored is
 * stored again. Nothing in it is trusted: packs are taken by their own sealed directories, and only what sessions of this
 * repository are by their hash.
 *
 *     <folder of the place>/journal/<n>      lines of text: mark of the process, or as many `-` when it has let go
 *                                            hash of sessions/<n>, hex
 *                                            name of a pack, space, its size; one line each
 *                             …/<n>-<16 hex> the same, as long as it is not known whether the number is this session's
 */
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { formatNumber } from "@bcat/pack";
import { isSystemError } from "./cache-files.js";

const JOURNALS = "journal";
/** Journals looked at, the newest; and packs of one, the newest. */
const JOURNALS_MAX = 64;
const PACKS_MAX = 1024;
/** Time between two signs of life, ms. */
const TOUCH_INTERVAL_MS = 60_000;
const RELEASED = /^-+$/;
const NAME = /^\d{10}(?:-[0-9a-f]{16})?$/;

/** A pack that was to be put: whether it is there, it tells itself. */
export interface NotedPack {
  /** Of the object. */
  readonly name: string;
  /** Bytes of the object. */
  readonly size: number;
}

export interface JournalOwner {
  /** Of this process, without line breaks. */
  readonly mark: string;
  /** Hash of `sessions/<n>`. */
  readonly session: Uint8Array;
  readonly now: () => number;
}

/** The journal of a session that goes on. Failing to write it is no error: it then tells less. */
export class Journal {
  readonly #finalPath: string;
  readonly #head: string;
  readonly #now: () => number;
  #path: string;
  #count = 0;
  /** As many as a reader takes. */
  #newest: NotedPack[] = [];
  #touched: number;

  /** To be made before the number is asked for. @param folder of the place */
  constructor(folder: string, number: number, { mark, session, now }: JournalOwner) {
    const hash = Buffer.from(session).toString("hex");
    this.#finalPath = join(folder, JOURNALS, formatNumber(number));
    this.#path = `${this.#finalPath}-${hash.slice(0, 16)}`;
    this.#head = `${mark}\n${hash}\n`;
    this.#now = now;
    this.#touched = now();
    tolerate(() => {
      mkdirSync(join(folder, JOURNALS), { recursive: true, mode: 0o700 });
      writeFileSync(this.#path, this.#head, { mode: 0o600 });
    });
  }

  /** The number is this session's. */
  confirm(): void {
    tolerate(() => renameSync(this.#path, this.#finalPath));
    this.#path = this.#finalPath;
  }

  /** To be called before the pack is put. */
  add(pack: NotedPack): void {
    this.#count++;
    this.#newest.push(pack);
    if (this.#newest.length > PACKS_MAX) this.#newest.shift();
    tolerate(() => appendFileSync(this.#path, lineOf(pack)));
  }

  /** Packs noted since the last {@link drop}. */
  get count(): number {
    return this.#count;
  }

  /** The first `count` packs are named by a checkpoint; others may have been put while it was made. */
  drop(count: number): void {
    this.#count -= count;
    this.#newest = this.#newest.slice(Math.max(0, this.#newest.length - this.#count));
    tolerate(() => {
      truncateSync(this.#path, Buffer.byteLength(this.#head));
      appendFileSync(this.#path, this.#newest.map(lineOf).join(""));
    });
  }

  /** Shows now and then that the session goes on, to whoever cannot see its process. */
  touch(): void {
    const now = this.#now();
    if (Math.abs(now - this.#touched) < TOUCH_INTERVAL_MS) return;
    this.#touched = now;
    tolerate(() => utimesSync(this.#path, now / 1000, now / 1000));
  }

  /** The session is over, and has left what another one may want. */
  release(): void {
    tolerate(() => {
      const file = openSync(this.#path, "r+");
      try {
        writeSync(
          file,
          this.#head.replace(/^.*/, (mark) => "-".repeat(Buffer.byteLength(mark))),
          0,
        );
      } finally {
        closeSync(file);
      }
    });
  }

  /** The session is over, and what it has noted is of no use to others. */
  remove(): void {
    tolerate(() => rmSync(this.#path, { force: true }));
  }
}

/** What a session has left, or goes on to write. */
export interface LeftJournal {
  readonly number: number;
  /** Of the process that holds it; undefined when none does. */
  readonly mark: string | undefined;
  /** Since it was written to, ms. */
  readonly quietMs: number;
  /** Hash of `sessions/<n>`, hex. */
  readonly session: string;
  readonly packs: readonly NotedPack[];
  remove(): void;
}

/** Those in the folder of a place, by number, ascending. */
export function readJournals(folder: string, now: number): LeftJournal[] {
  const names = tolerate(() => readdirSync(join(folder, JOURNALS))) ?? [];
  const numbered = names.filter((name) => NAME.test(name)).sort();
  return numbered.slice(-JOURNALS_MAX).flatMap((name) => tolerate(() => readJournal(folder, name, now)) ?? []);
}

function readJournal(folder: string, name: string, now: number): LeftJournal {
  const path = join(folder, JOURNALS, name);
  const [mark = "", session = "", ...lines] = readFileSync(path, "latin1").split("\n");
  return {
    number: Number(name.slice(0, 10)),
    mark: RELEASED.test(mark) || mark === "" ? undefined : mark,
    quietMs: Math.max(0, now - statSync(path).mtimeMs),
    session,
    packs: lines.flatMap(parsePack).slice(-PACKS_MAX),
    remove: () => void tolerate(() => rmSync(path, { force: true })),
  };
}

function lineOf({ name, size }: NotedPack): string {
  return `${name} ${size}\n`;
}

/** A line that was cut off says nothing. */
function parsePack(line: string): NotedPack[] {
  const [, name, size] = /^(packs\/[0-9a-f]{2}\/\d{10}-[0-9a-f]{32}) (\d{1,15})$/.exec(line) ?? [];
  return name === undefined ? [] : [{ name, size: Number(size) }];
}

function tolerate<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
