/**
 * The table in PostgreSQL, to be tried out by as many connections as there are racers, with the statements that decide
 * registers, under an id that no repository has; its rows are removed again.
 */
import { registerExists } from "../exists.js";
import type { RegistersProbe } from "../registers/registers-probe.js";
import type { Storage } from "../storage.js";
import { isOfTooMany } from "./failure.js";
import { openPostgresRows, type PostgresRows, type PostgresTableOptions } from "./rows.js";

const state = "open 1";
const untried = {
  "no table": "not tried: there is no table yet, which bcat init makes",
  "no right to delete": "not tried: this user may not delete what a probe would put into the table",
} as const;

/** @param options `id`: of nobody @param width connections, or as many as the server has */
export async function openPostgresProbe(
  url: string,
  options: PostgresTableOptions,
  width: number,
): Promise<RegistersProbe> {
  const racers = Array.from({ length: width }, () => openPostgresRows(url, options));
  const close = async () => void (await Promise.all(racers.map((racer) => racer[Symbol.asyncDispose]())));
  try {
    const [first] = racers as [PostgresRows];
    const may = await first.mayTry();
    if (may !== "yes") return { storage: undefined, untried: untried[may], [Symbol.asyncDispose]: close };
    const connected = await connectedOf(racers);
    await first.replaceState(undefined, state);
    const remove = async () => {
      try {
        await first.remove();
      } finally {
        await close();
      }
    };
    return { storage: storageOf(connected), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Those that the server has a connection for: small ones have few. @throws what else keeps one from connecting */
async function connectedOf(racers: readonly PostgresRows[]): Promise<PostgresRows[]> {
  const connected: PostgresRows[] = [];
  await Promise.all(
    racers.map(async (racer) => {
      try {
        await racer.connect();
        connected.push(racer);
      } catch (error) {
        if (!isOfTooMany(error as Error)) throw error;
        await racer[Symbol.asyncDispose]();
      }
    }),
  );
  return connected;
}

/** Each call goes to the next connection. */
function storageOf(racers: readonly PostgresRows[]): Storage {
  let turn = 0;
  const next = () => racers[turn++ % racers.length]!;
  const insert = async (name: string, bytes: Uint8Array) => {
    const racer = next();
    const { count } = await racer.insert(state, 1, [{ name, bytes }]);
    if (count === 0) throw registerExists(name, racer.location);
  };
  return {
    location: racers[0]!.location,
    get: async (name) => (await next().read({ generation: 1, name })).value,
    put: insert,
    putIfAbsent: insert,
    // Removed with all the others.
    delete: async () => {},
  };
}
