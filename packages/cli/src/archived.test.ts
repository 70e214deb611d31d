import { ArchivedError } from "@bcat/errors";
import { ArchivedObjects } from "@bcat/repository";
import { expect, test } from "vitest";
import { printArchived } from "./archived.js";
import { globalFlags, Options } from "./options.js";
import { Output } from "./output.js";

/** As many objects as asked for, met through a storage that has archived everything. */
async function archivedObjects(count: number): Promise<ArchivedObjects> {
  const archived = new ArchivedObjects();
  const storage = archived.watch({
    location: "s3://bucket",
    get: async (object) => {
      throw new ArchivedError(`Cannot read "${object}": it is archived`, { object, remedy: "thaw OBJECT" });
    },
    put: async () => {},
    putIfAbsent: async () => {},
  });
  for (let n = 0; n < count; n++) await storage.get(`packs/${String(n).padStart(2, "0")}`).catch(() => {});
  return archived;
}

async function linesFor(count: number, given: ReadonlyMap<string, string[]>, trees = 0): Promise<string[]> {
  const lines: string[] = [];
  const stream = (write: (text: string) => void) => ({
    write: (text: string) => {
      write(text);
      return true;
    },
    on: () => {},
    once: () => {},
  });
  const [stdout, stderr] = [stream(() => {}), stream((text) => lines.push(text.trimEnd()))];
  const output = new Output({ stdout, stderr, json: false, color: false });
  const options = new Options(globalFlags, new Map(given), {});
  printArchived({ archived: await archivedObjects(count), command: "restore" }, trees, { output, options });
  return lines;
}

test("printArchived() prints nothing where nothing is archived", async () => {
  expect(await linesFor(0, new Map())).toEqual([]);
});

test("printArchived() prints twenty names and how many more there are, and what to do", async () => {
  const lines = await linesFor(23, new Map());
  expect(lines[0]).toBe("bcat: 23 objects are archived, and the storage does not give them out:");
  expect(lines.slice(1, 22)).toEqual([
    ...Array.from({ length: 20 }, (_, n) => `  packs/${String(n).padStart(2, "0")}`),
    "  and 3 more: -v or --json lists all",
  ]);
  expect(lines.slice(22)).toEqual([
    "bcat: to have them thawed, with each name for OBJECT: thaw OBJECT",
    "bcat: when that is done, hours later, run bcat restore --overwrite if-changed, which goes on with this one",
  ]);
});

test("printArchived() prints all names with --verbose", async () => {
  expect(await linesFor(23, new Map([["verbose", ["true"]]]))).toHaveLength(1 + 23 + 2);
});

test("printArchived() says that there may be more where trees are archived", async () => {
  expect((await linesFor(1, new Map(), 1)).at(-1)).toContain("folders are in it, so more may be archived");
});
