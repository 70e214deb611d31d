/** One machine that backs up in process: a repository opened on a storage, with a clock that the test sets. */
import { createHash } from "node:crypto";
import { loadBlake3 } from "@bcat/crypto";
import { loadZstd } from "@bcat/pack";
import { loadPosix, type Posix } from "@bcat/posix";
import {
  type Environment,
  type InitOptions,
  initRepository,
  openRepository,
  type Repository,
  unlockRepository,
} from "@bcat/repository";
import {
  type BackupOptions,
  type BackupSummary,
  backup,
  findSnapshot,
  type RestoreOptions,
  type RestoreSummary,
  restore,
  type SnapshotInfo,
  type Wanted,
  type Warning,
} from "@bcat/snapshot";
import type { Storage } from "@bcat/storage";
import { exactTimes, inexactTimes } from "./exact-times.js";
import { countClient } from "./opened-clients.js";

/** A key file instead of a passphrase: no scrypt, no waiting. */
const secret = { keyFile: new Uint8Array(32).fill(7) };

export type Accelerators = "off" | "auto";

export interface ClientOptions {
  readonly accelerators?: Accelerators;
  readonly host?: string;
  /** What makes the client's id; its host, unless several hosts are one client, or one host several. */
  readonly client?: string;
  readonly sizes?: NonNullable<Environment["sizes"]>;
  /** Of a repository that is made. */
  readonly chunker?: NonNullable<InitOptions["chunker"]>;
  /** Other things that are for good. */
  readonly inits?: Pick<InitOptions, "parity">;
  readonly cacheDirectory?: string;
  /** Percent of parity that it writes. */
  readonly parity?: number;
  /** Trees that are stored are kept there too, as behind a network. */
  readonly keepsTrees?: boolean;
  /** Opens the repository, in another way than a client of which nothing is kept. */
  readonly open?: (storage: Storage, environment: Environment) => Promise<Repository>;
  /** Calls of the system that are to do something else. */
  readonly replace?: (posix: Posix) => Partial<Posix>;
}

export interface RestoreFrom extends RestoreOptions {
  /** The latest snapshot if not given. */
  readonly selector?: string;
}

export interface Client extends AsyncDisposable {
  readonly repository: Repository;
  readonly posix: Posix;
  /** Milliseconds since 1970 that the client believes it is; stands still until it is set. */
  time: number;
  /** Names of the files opened to be read since the last backup began, in latin1. */
  readonly opened: readonly string[];
  /** What the last backup or restore warned of. */
  readonly warnings: readonly string[];
  backup(roots: readonly (string | Uint8Array)[], options?: BackupOptions): Promise<BackupSummary>;
  find(selector: string): Promise<SnapshotInfo>;
  restore(wanted: Wanted, target: string, options?: RestoreFrom): Promise<RestoreSummary>;
}

/** Opens the repository in `storage`, which is made when there is none. */
export async function openClient(storage: Storage, options: ClientOptions = {}): Promise<Client> {
  const { accelerators = "auto", host = "host", sizes, chunker, cacheDirectory, replace } = options;
  let time = 0;
  const number = countClient();
  const mark = `client ${number}`;
  running.add(mark);
  const environment: Environment = {
    processes: { mark, mayRun: (other) => running.has(other) },
    random: seededRandom(`${accelerators} ${host} ${number}`),
    now: () => time,
    host,
    user: "user",
    zone: "UTC",
    clientId: new Uint8Array(
      createHash("sha256")
        .update(options.client ?? host)
        .digest()
        .subarray(0, 16),
    ),
    programVersion: "test",
    cacheDirectory,
    parity: options.parity,
    keepsTrees: options.keepsTrees === true,
    location: storage.location,
    accelerators,
    ...(await loadAccelerated(accelerators)),
    ...(sizes === undefined ? {} : { sizes }),
  };
  const init = { secret, ...options.inits, ...(chunker === undefined ? {} : { chunker }) };
  const repository = await (options.open?.(storage, environment) ?? openOrInit(storage, environment, init));
  const opened: string[] = [];
  let warnings: string[] = [];
  const posix = wrapPosix(loadPosix(accelerators), opened, replace);
  const isExpected = accelerators === "auto" && !exactTimes;
  const onWarning = ({ path, message, kind }: Warning) => {
    if (isExpected && inexactTimes.test(message)) return;
    warnings.push(`${kind} ${Buffer.from(path).toString("latin1")}: ${message}`);
  };
  return {
    repository,
    posix,
    opened,
    get time() {
      return time;
    },
    set time(value: number) {
      time = value;
    },
    get warnings() {
      return warnings;
    },
    async backup(roots, given = {}) {
      opened.length = 0;
      warnings = [];
      return await backup(
        repository,
        posix,
        roots.map((root) => Buffer.from(root)),
        { onWarning, ...given },
      );
    },
    async find(selector) {
      return await findSnapshot(repository, selector);
    },
    async restore(wanted, target, { selector = "latest", ...given } = {}) {
      warnings = [];
      const info = await findSnapshot(repository, selector);
      return await restore(repository, posix, info, wanted, Buffer.from(target), { onWarning, ...given });
    },
    async [Symbol.asyncDispose]() {
      running.delete(mark);
      await repository[Symbol.asyncDispose]();
    },
  };
}

type Accelerated = Pick<Environment, "blake3" | "zstd">;

const loaded = new Map<Accelerators, Promise<Accelerated>>();

/** Loads each set once in a process, as the command line does. */
async function loadAccelerated(mode: Accelerators): Promise<Accelerated> {
  const load = async () => ({ blake3: await loadBlake3(mode), zstd: await loadZstd(mode) });
  const found = loaded.get(mode) ?? load();
  loaded.set(mode, found);
  return await found;
}

/** Marks of the clients that are open: the others are processes that have ended. */
const running = new Set<string>();

async function openOrInit(storage: Storage, environment: Environment, init: InitOptions): Promise<Repository> {
  if ((await storage.get("config")) === undefined) return await initRepository(storage, init, environment);
  const { rootKey } = await unlockRepository(storage, secret, environment);
  return await openRepository(storage, rootKey, environment);
}

/** The same calls, but for those that are replaced. The files are noted that are opened and looked at, to be read. */
function wrapPosix(posix: Posix, opened: string[], replace: ClientOptions["replace"]): Posix {
  const replaced = throughNames(posix, replace?.(posix) ?? {});
  /** By descriptor: what is opened for its inode flags alone is not looked at. */
  const names = new Map<unknown, string>();
  const note = (name: string | undefined) => name !== undefined && opened.push(name);
  return new Proxy(posix, {
    get(target, property) {
      const value: unknown = Reflect.get(replaced, property) ?? Reflect.get(target, property, target);
      if (typeof value !== "function") return value;
      return (...words: unknown[]) => {
        if (property === "statFile") note(names.get(words[0]));
        if (property === "statFile" || property === "close") names.delete(words[0]);
        if (property !== "openFileAt") return value.apply(target, words);
        const name = Buffer.from(words[1] as Uint8Array).toString("latin1");
        try {
          const file: unknown = value.apply(target, words);
          names.set(file, name);
          return file;
        } catch (error) {
          note(name);
          throw error;
        }
      };
    },
  });
}

/** What is replaced for names is replaced for lists of names. */
function throughNames(posix: Posix, replaced: Partial<Posix>): Partial<Posix> {
  const { statAt, readNames } = replaced;
  return {
    ...(statAt === undefined
      ? {}
      : { statEntry: (directory, entries, index, into) => statAt.call(posix, directory, entries.name(index), into) }),
    ...(readNames === undefined
      ? {}
      : {
          readEntries(directory, into) {
            into.clear();
            for (const name of readNames.call(posix, directory)) into.add(name);
          },
        }),
    ...replaced,
  };
}

function seededRandom(seed: string): (length: number) => Uint8Array {
  let count = 0;
  return (length) => {
    const blocks: Buffer[] = [];
    for (let made = 0; made < length; made += 64) {
      blocks.push(createHash("sha512").update(`${seed} ${count++}`).digest());
    }
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}
