/** Pinning snapshots: a pinned one is forgotten by nobody before it is unpinned. */
import { BcatError } from "@bcat/errors";
import { appendToLog, type Repository, withLogSession } from "@bcat/repository";
import { Successors } from "../snapshots.js";

export interface PinOptions {
  /** Why, in the user's words. */
  readonly note?: string | undefined;
}

/** @throws BcatError not-found for one that is not there, or forgotten; StorageError */
export async function pinSnapshots(
  repository: Repository,
  numbers: readonly number[],
  { note }: PinOptions = {},
): Promise<void> {
  await record(repository, numbers, { kind: "pin", ...(note === undefined ? {} : { note }) });
}

/** @throws as {@link pinSnapshots} */
export async function unpinSnapshots(repository: Repository, numbers: readonly number[]): Promise<void> {
  await record(repository, numbers, { kind: "unpin" });
}

async function record(
  repository: Repository,
  numbers: readonly number[],
  said: { readonly kind: "pin" | "unpin"; readonly note?: string },
): Promise<void> {
  const build = () => {
    for (const number of numbers) requireKept(repository, number, said.kind);
    return { ...said, snapshots: [...numbers] };
  };
  await withLogSession(repository, (session) => appendToLog(repository, build, session));
}

function requireKept(repository: Repository, number: number, action: string): void {
  const { history } = repository;
  const snapshot = history.summaries.get(number);
  const successor = snapshot && new Successors(repository).of({ number, snapshot });
  const found =
    snapshot === undefined
      ? "there is none of this number"
      : history.isForgotten(number)
        ? `it was forgotten; ${successor === undefined ? `bcat undelete ${number} may bring it back` : `snapshot ${successor} stands in its place now`}`
        : undefined;
  if (found !== undefined) throw new BcatError("not-found", `Cannot ${action} snapshot ${number}: ${found}`);
}
