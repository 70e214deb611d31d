/** What `bcat list` and `bcat cat` take, known without a package: the help shows it. */
import type { ObjectNames } from "@bcat/repository";

export const objectKinds: readonly ObjectNames[] = ["snapshots", "packs", "index", "keys", "log", "sessions", "blobs"];

export const inspected = ["config", "snapshot", "session", "outcome", "log", "key", "tree", "blob", "pack"] as const;
export type Inspected = (typeof inspected)[number];
