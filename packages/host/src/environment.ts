/** What the core is given of the world: randomness, the time, who and where we are. */
import { randomBytes } from "node:crypto";
import { hostname, userInfo } from "node:os";
import type { Environment } from "@bcat/repository";
import type { Accelerated } from "./accelerated.js";
import { loadClientId } from "./client-id.js";
import { descriptorLimit } from "./descriptor-limit.js";
import { processes } from "./processes.js";
import { timeZone } from "./time-zone.js";
import type { Variables } from "./variables.js";

export interface EnvironmentOptions {
  /** The program and its version, such as `bcat 0.1.0`, recorded in what it writes. */
  readonly program: string;
  /** Where the repository is, for messages and memory; no secrets. */
  readonly location: string;
  /** The cache folder, which exists. */
  readonly cache: string | undefined;
  /** Trees that are stored are kept in the cache too. */
  readonly keepsTrees?: boolean;
  readonly variables: Variables;
  /** Stored bytes at which packs close; the default of the format's writers where not given. */
  readonly sizes?: NonNullable<Environment["sizes"]>;
  readonly parity?: number | undefined;
}

export async function createEnvironment(options: EnvironmentOptions, accelerated: Accelerated): Promise<Environment> {
  return {
    random,
    now: Date.now,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    host: hostname(),
    user: userName(),
    // Asked for by backups only.
    get zone() {
      return timeZone(options.variables);
    },
    clientId: await loadClientId(options.cache, random),
    programVersion: options.program,
    cacheDirectory: options.cache,
    keepsTrees: options.keepsTrees === true,
    // Asked for by restores only.
    get descriptorLimit() {
      return descriptorLimit();
    },
    location: options.location,
    parity: options.parity,
    ...(options.sizes !== undefined && { sizes: options.sizes }),
    processes,
    accelerators: accelerated.mode,
    blake3: accelerated.blake3,
    zstd: accelerated.zstd,
    gcm: accelerated.gcm,
  };
}

/** Random bytes in memory of their own, not in Node's pool. */
export function random(length: number): Uint8Array {
  return new Uint8Array(randomBytes(length));
}

/** In containers, a user often has a number and no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "");
  }
}
