/** What a user can say about how a place is used, whatever its kind. */
import type { ConnectionChoice } from "./wire-options.js";

export interface PlaceOptions extends ConnectionChoice {
  /** How long (ms) a request that fails is tried again; 0: never. Not for folders. */
  readonly retryForMs?: number;
  readonly s3?: S3Choice;
}

/** What a user says of a bucket beside its name. */
export interface S3Choice {
  /** `https://host:port`, or without the scheme. */
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  /** Of `~/.aws`. */
  readonly profile?: string | undefined;
  /** Of packs of data. */
  readonly storageClass?: string | undefined;
  readonly connections?: number | undefined;
  readonly anonymous?: boolean | undefined;
  /** Where the bucket stands in an address: by itself, the path for all servers but AWS. */
  readonly pathStyle?: "auto" | "path" | "host" | undefined;
  readonly listVersion?: 1 | 2 | undefined;
}
