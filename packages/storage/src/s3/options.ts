import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import type { OnNotice } from "@bcat/errors";
import type { Meter } from "../meter.js";

/** Connections to one server, unless the options say otherwise. */
export const connectionsDefault = 8;

/** Silence on a connection, in either direction, after which a request has failed (ms). */
export const idleTimeoutDefault = 60_000;

export interface S3StorageOptions {
  /** Where this is, for messages; it holds no secrets. */
  readonly location: string;
  readonly bucket: string;
  /** What all keys begin with, without slashes at its ends; "" is the whole bucket. */
  readonly prefix: string;
  /** `https://host:port`; without one it is AWS, by the region. */
  readonly endpoint?: string | undefined;
  /** Without one, that of the environment or the profile, else us-east-1. */
  readonly region?: string | undefined;
  /** Whether the bucket is the first part of the path, or of the host's name: of the path where there is an endpoint. */
  readonly pathStyle?: boolean | undefined;
  /** Of `~/.aws`, instead of what the environment says. */
  readonly profile?: string | undefined;
  /** Requests are not signed. */
  readonly anonymous?: boolean | undefined;
  /** Of packs of data; all else must be readable at once. */
  readonly storageClass?: string | undefined;
  readonly listVersion?: 1 | 2 | undefined;
  readonly connections?: number | undefined;
  /** Made for this storage without them. The owner of the storage ends them. */
  readonly agents?: { readonly http: HttpAgent; readonly https: HttpsAgent } | undefined;
  readonly idleTimeoutMs?: number | undefined;
  /** For requests beyond the one that each call is taken for. */
  readonly meter?: Pick<Meter, "count"> | undefined;
  /** Told in a line what was put right: a clock, a region. */
  readonly onNotice: OnNotice;
}
