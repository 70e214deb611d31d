/** Ten minutes (MINUTES, or TORTURE_MINUTES) of real processes at once, some of them killed, in a folder and in a bucket. */
import { createMulberry32 } from "@bcat/storage";
import { expect, test } from "vitest";
import { Scratch } from "./crash/scratch.js";
import { runSeed } from "./crash/seed.js";
import { folderPlace, s3Place } from "./torture/place.js";
import { Torture } from "./torture/torture.js";

const seed = runSeed();
const minutes = Number(process.env.TORTURE_MINUTES ?? process.env.MINUTES ?? 10);

test.each([
  ["a folder", folderPlace],
  ["a bucket", s3Place],
] as const)(
  `six backups, two prunes, checks and restores lose nothing: %s, ${minutes} minutes`,
  async (_, makePlace) => {
    const scratch = new Scratch("torture");
    try {
      await using place = await makePlace(scratch.folder("place"));
      const until = performance.now() + minutes * 60_000;
      const isOver = () => performance.now() > until;
      const { faults, ...tally } = await new Torture(place, { scratch, draw: createMulberry32(seed) }).run(isOver);
      process.stdout.write(`torture: SEED=${seed}, ${place.name}: ${JSON.stringify(tally)}\n`);
      expect(faults).toEqual([]);
    } finally {
      scratch.remove();
    }
  },
);
