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

/** Nothing is asked of the place yet. @throws {BcatError} with code "usage" */
export async function locateRegisters(given: string, context: RegistersContext): Promise<RegistersSource> {
  if (/^postgres(?:ql)?:\/\//i.test(given)) return await inPostgres(given, context);
  const place = locateRepository(given, context.variables, context.options);
  if (place.location !== context.repository.location) return inStorage(place, context);
  throw new BcatError("usage", `Cannot keep registers in ${place.location}: the repository is there`);
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
      return openStorageTable(await decorate(await openPlace(place, context), stack), id);
    },
  };
}
