/**
 * From what a user names as the place of registers to the way there: a `postgres://` URL, or any place that can decide,
 * such as a folder or a bucket.
 */
import { BcatError } from "@bcat/errors";
import type { RegistersSource } from "@bcat/repository";
import { locateRepository } from "./location.js";
import { openPlace, type Place, type PlaceContext } from "./place.js";
import { retryOptions, type StackOptions, stackLocal, stackRemote } from "./storage-stack.js";

export interface RegistersContext extends PlaceContext {
  readonly stack: StackOptions;
  /** Where the repository lies, which is another place. */
  readonly repository: Place;
}

export interface LocatedRegisters {
  readonly source: RegistersSource;
  /** Undefined for a database. */
  readonly place: Place | undefined;
}

/** Nothing is asked of the place yet. @throws {BcatError} with code "usage" */
export async function locateRegisters(given: string, context: RegistersContext): Promise<LocatedRegisters> {
  if (/^postgres(?:ql)?:\/\//i.test(given)) return { source: await inPostgres(given, context), place: undefined };
  const place = locateRepository(given, context.variables, context.options);
  const { repository } = context;
  const refuse = (found: string) =>
    new BcatError("usage", `Cannot keep registers in ${place.location}: ${found}; name another place`);
  if (place.location === repository.location) throw refuse("the repository is there");
  if (place.location.startsWith(`${repository.location}/`)) throw refuse("it lies inside the repository");
  return { source: inStorage(place, context), place };
}

async function inPostgres(url: string, { variables, stack }: RegistersContext): Promise<RegistersSource> {
  const { openPostgresTable, parsePostgresUrl } = await import("@bcat/storage/postgres");
  const { location } = parsePostgresUrl(url, variables);
  return {
    kind: "postgres",
    location,
    open: async (id) => {
      const { createRetryingTable } = await import("@bcat/storage");
      return createRetryingTable(openPostgresTable(url, { id, variables }), retryOptions("PostgreSQL", stack));
    },
  };
}

function inStorage(place: Place, context: RegistersContext): RegistersSource {
  const { stack } = context;
  return {
    kind: "storage",
    location: place.location,
    open: async (id) => {
      const { openStorageTable } = await import("@bcat/storage");
      const decorate = place.kind === "folder" ? stackLocal : stackRemote;
      const raw = await openPlace(place, { ...context, isForRegisters: true });
      return openStorageTable(await decorate(raw, stack), id);
    },
  };
}
