/**
 * From what a user names as the place of registers to the way there: a `postgres://` URL, or any place that can decide,
 * such as a folder or a bucket.
 */
import { BcatError } from "@bcat/errors";
import type { RegistersSource } from "@bcat/repository";
import type { RegistersProbe, Storage } from "@bcat/storage";
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
  /** Opens it to be tried out. @param id of nobody @param width requests at once */
  readonly openProbe: (id: Uint8Array, width: number) => Promise<RegistersProbe>;
}

/** Nothing is asked of the place yet. @throws {BcatError} with code "usage" */
export async function locateRegisters(given: string, context: RegistersContext): Promise<LocatedRegisters> {
  if (/^postgres(?:ql)?:\/\//i.test(given)) return await inPostgres(given, context);
  const place = locateRepository(given, context.variables, { ...context.options, what: "registers" });
  const { repository } = context;
  const refuse = (found: string) =>
    new BcatError("usage", `Cannot keep registers in ${place.location}: ${found}; name another place`);
  if (place.kind === "http") throw refuse("over HTTP nothing can be written");
  if (place.location === repository.location) throw refuse("the repository is there");
  if (place.location.startsWith(`${repository.location}/`)) throw refuse("it lies inside the repository");
  const openProbe = async () => ({
    storage: await openRegistersPlace(place, context),
    [Symbol.asyncDispose]: async () => {},
  });
  return { source: inStorage(place, context), place, openProbe };
}

async function inPostgres(url: string, { variables, stack }: RegistersContext): Promise<LocatedRegisters> {
  const { openPostgresProbe, openPostgresTable, parsePostgresUrl } = await import("@bcat/storage/postgres");
  const { countingAs, createRetryingTable } = await import("@bcat/storage");
  const { location } = parsePostgresUrl(url, variables);
  const meter = countingAs(stack.meter, "registers");
  const open = async (id: Uint8Array) =>
    createRetryingTable(openPostgresTable(url, { id, variables, meter }), retryOptions("PostgreSQL", stack));
  return {
    source: { kind: "postgres", location, open },
    place: undefined,
    openProbe: (id, width) => openPostgresProbe(url, { id, variables, meter }, width),
  };
}

function inStorage(place: Place, context: RegistersContext): RegistersSource {
  return {
    kind: "storage",
    location: place.location,
    open: async (id) => {
      const { openStorageTable } = await import("@bcat/storage");
      return openStorageTable(await openRegistersPlace(place, context), id);
    },
  };
}

/** The storage that is the place of registers, whose requests count as such. */
export async function openRegistersPlace(place: Place, context: RegistersContext): Promise<Storage> {
  const { countingAs } = await import("@bcat/storage");
  const meter = countingAs(context.stack.meter, "registers");
  const decorate = place.kind === "folder" ? stackLocal : stackRemote;
  return await decorate(await openPlace(place, { ...context, meter, isForRegisters: true }), {
    ...context.stack,
    meter,
  });
}
