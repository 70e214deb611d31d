/** The kinds of place a repository can lie in, and how each is opened. */
import type { OnNotice } from "@bcat/errors";
import type { Posix } from "@bcat/posix";
import type { RequestCounter, Storage } from "@bcat/storage";
import type { Agents } from "@bcat/storage/wire";
import { random } from "./environment.js";
import type { PlaceOptions } from "./place-options.js";
import type { Variables } from "./variables.js";
import { wireClock, wireOptionsOf } from "./wire-options.js";

export interface FolderPlace {
  readonly kind: "folder";
  /** Absolute. */
  readonly path: string;
}

/** A bucket of S3, or of a server that speaks like it. */
export interface S3Place {
  readonly kind: "s3";
  /** `https://host:port`; without one it is AWS. */
  readonly endpoint?: string;
  /** As far as the spelling tells it. */
  readonly region?: string;
  readonly bucket: string;
  /** Without slashes at its ends; may be empty. */
  readonly prefix: string;
}

/** A web server; only read from. */
export interface HttpPlace {
  readonly kind: "http";
  /** Without user and password. */
  readonly url: URL;
  /** `name:password`, if the user gave them. Never shown. */
  readonly credentials: string | undefined;
}

/** A directory of a Tahoe-LAFS grid, behind a gateway. */
export interface TahoePlace {
  readonly kind: "tahoe";
  /** With the cap of the directory, which is a secret. */
  readonly url: URL;
}

/** Where a repository lies, as far as what the user named tells. */
export type Place = (FolderPlace | S3Place | HttpPlace | TahoePlace) & {
  /** For messages, and for what a client remembers of the place; the same for all spellings of one, without secrets. */
  readonly location: string;
};

/** Bytes stored, or read, between two checkpoints of a backup: what a crash may cost. In a folder that is a few seconds. */
const FOLDER_CHECKPOINT_SIZE = 2 ** 30;
const CHECKPOINT_SIZE = 2 ** 29;

/** Of packs in a folder. */
const FOLDER_PACK_SIZE = 32 * 2 ** 20;

/** Of the first pack, behind a network: a line of 200 Mbit/s takes it in 0.3 s, and the next is there by then. */
const FIRST_PACK_SIZE = 8 * 2 ** 20;

/**
 * Stored bytes at which packs close in the place. Where nothing is said the default is best, which is made for storages
 * that charge for requests. A file costs nothing, and packs of half the size take 64 MiB less memory.
 */
export function packSizesOf(place: Place): {
  readonly packSize?: number;
  readonly firstPackSize?: number;
  readonly checkpointSize: number;
} {
  return place.kind === "folder"
    ? { packSize: FOLDER_PACK_SIZE, checkpointSize: FOLDER_CHECKPOINT_SIZE }
    : { firstPackSize: FIRST_PACK_SIZE, checkpointSize: CHECKPOINT_SIZE };
}

/** What opening a place takes from the program. */
export interface PlaceContext {
  readonly posix: Posix;
  /** For requests beyond the one that each call is taken for. */
  readonly meter?: RequestCounter;
  readonly options: PlaceOptions;
  readonly variables: Variables;
  /** Told in a line what makes the run slower but not wrong. */
  readonly onNotice: OnNotice;
  /** The place is that of registers of repositories elsewhere. */
  readonly isForRegisters?: boolean;
}

/** The storage there, undecorated; nothing is asked of it yet. */
export async function openPlace(place: Place, context: PlaceContext): Promise<Storage> {
  switch (place.kind) {
    case "folder":
      return await openFolder(place, context);
    case "s3": {
      const { openBucket } = await import("./s3-place.js");
      return await openBucket(place, context);
    }
    case "http":
      return await openHttp(place, context);
    case "tahoe":
      return await openTahoe(place, context);
  }
}

/** As a folder may be a mount of something far away, limits hold for it, too. */
async function openFolder({ path }: FolderPlace, context: PlaceContext): Promise<Storage> {
  const { posix, isForRegisters: hasNoConfig, options } = context;
  const { limits = {} } = options;
  const { openLocalStorage } = await import("@bcat/storage");
  const storage = openLocalStorage(path, { suffix: randomSuffix, posix, uid: process.geteuid?.(), hasNoConfig });
  if (limits.upload === undefined && limits.download === undefined) return storage;
  const { createLimitedStorage } = await import("@bcat/storage/wire");
  return createLimitedStorage(storage, { clock: wireClock, ...limits });
}

async function openHttp({ url, credentials }: HttpPlace, context: PlaceContext): Promise<Storage> {
  const { openHttpStorage } = await import("@bcat/storage/http");
  return openHttpStorage({ url, credentials, agents: await agentsOf(context), onNotice: context.onNotice });
}

async function openTahoe(place: TahoePlace & Pick<Place, "location">, context: PlaceContext): Promise<Storage> {
  const { openTahoeStorage, tahoeIdleTimeoutMs } = await import("@bcat/storage/tahoe");
  const { url, location } = place;
  return openTahoeStorage({ url, location, agents: await agentsOf(context, tahoeIdleTimeoutMs) });
}

async function agentsOf({ options, variables }: PlaceContext, idleTimeoutMs?: number): Promise<Agents> {
  const { createAgents } = await import("@bcat/storage/wire");
  return createAgents({ ...(await wireOptionsOf(options, variables)), idleTimeoutMs });
}

/** For names of temporary files. */
function randomSuffix(): string {
  return Buffer.from(random(8)).toString("hex");
}
