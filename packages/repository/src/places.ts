/**
 * The places where a client has met a repository: it may lie in several, as copies. What is remembered of one is kept
 * apart from what is remembered of the others, so that a copy never changes what is known of the original.
 *
 *     <cache>/<repository id>/<hash of the location>/           manifest, index, scans, trees (index-store.ts, kept-*.ts)
 *     <cache>/<repository id>/<hash of the location>/place      text: role, line break, location
 *     <cache>/<repository id>/<hash of the location>-aside/     as the first, of a place that has gone back in time
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isExhaustion, StorageError } from "@bcat/errors";
import type { Environment } from "./environment.js";
import { hashLocation, rememberedAt } from "./identity.js";

/** Name of the file beside a manifest that says whose it is. */
const PLACE = "place";
/** Other places that are looked at, at most: those of the first names. */
const PLACES_MAX = 64;

/**
 * What a client has done there: only looked, or also written. `fork` is a place that was behind another one when it was
 * first written to, on purpose: what happens there says nothing of the others.
 */
export type Role = "seen" | "own" | "fork";
const roles: readonly Role[] = ["seen", "own", "fork"];

export interface OtherPlace {
  /** As the user named it then. */
  readonly location: string;
  readonly role: Role;
  readonly folder: string;
}

/** What is remembered of one repository; of the environment's location first of all. Without a cache, nothing is. */
export class Places {
  /** Of this place; undefined without a cache. */
  readonly folder: string | undefined;
  readonly #repository: string | undefined;
  readonly #id: string;
  readonly #environment: Environment;

  constructor(environment: Environment, repositoryId: Uint8Array) {
    const { cacheDirectory, location } = environment;
    this.#environment = environment;
    this.#id = Buffer.from(repositoryId).toString("hex");
    if (cacheDirectory === undefined) return;
    this.#repository = join(cacheDirectory, this.#id);
    this.folder = join(this.#repository, hashLocation(location));
  }

  /** For what is read here while it is not what it was: that must not replace what is remembered. */
  get folderAside(): string | undefined {
    return this.folder === undefined ? undefined : `${this.folder}-aside`;
  }

  get role(): Role {
    return (this.folder === undefined ? undefined : readPlace(this.folder)?.role) ?? "seen";
  }

  /** The other places where this repository was met. */
  others(): OtherPlace[] {
    if (this.#repository === undefined || this.folder === undefined) return [];
    const found: OtherPlace[] = [];
    for (const name of namesIn(this.#repository)) {
      const folder = join(this.#repository, name);
      const place = /^[0-9a-f]{32}$/.test(name) && folder !== this.folder ? readPlace(folder) : undefined;
      if (place !== undefined && this.#isThere(place.location)) found.push({ ...place, folder });
      if (found.length === PLACES_MAX) break;
    }
    return found;
  }

  /** False for a place where another repository was met since: what was seen of this one there judges nothing. */
  #isThere(location: string): boolean {
    const { cacheDirectory } = this.#environment;
    const known = rememberedAt({ cacheDirectory, location });
    return known === undefined || known === this.#id;
  }

  /** Notes that this place is known; failing to is no error. */
  note(): void {
    const { folder } = this;
    if (folder === undefined) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // Not in place of another process's, which may have written here.
      writeFileSync(join(folder, PLACE), this.#text("seen"), { mode: 0o600, flag: "wx" });
    } catch {
      // Known already, or as without a cache.
    }
  }

  /** Notes what this client does here, for good; failing to is no error. */
  become(role: Role): void {
    const { folder } = this;
    if (folder === undefined || this.role === role) return;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const temporary = join(folder, `.tmp-${Buffer.from(this.#environment.random(8)).toString("hex")}`);
      writeFileSync(temporary, this.#text(role), { mode: 0o600 });
      renameSync(temporary, join(folder, PLACE));
    } catch {
      // As without a cache.
    }
  }

  #text(role: Role): string {
    return `${role}\n${this.#environment.location}`;
  }
}

/** What the folder of a place says of it, if it does. */
export function readPlace(folder: string): { role: Role; location: string } | undefined {
  const path = join(folder, PLACE);
  try {
    const text = readFileSync(path, "utf8");
    const [first = ""] = text.split("\n", 1);
    const role = roles.find((known) => known === first);
    return role === undefined ? undefined : { role, location: text.slice(first.length + 1) };
  } catch (error) {
    if (!isExhaustion(error)) return undefined;
    throw new StorageError(`Cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (!isExhaustion(error)) return [];
    throw new StorageError(`Cannot read ${folder}: ${(error as Error).message}`, { cause: error });
  }
}
