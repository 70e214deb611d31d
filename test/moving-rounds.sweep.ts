/** Sources that are changed without pause for ten minutes, or MINUTES. */
import { expect, test } from "vitest";
import { runSeed } from "./crash/seed.js";
import { moveAndBackUp } from "./moving/rounds.js";

const seed = runSeed();
const minutes = Number(process.env.MINUTES ?? 10);

test(`every file that is stored is one that it really was, or is marked: ${minutes} minutes`, async () => {
  const start = performance.now();
  const found = await moveAndBackUp(seed, () => performance.now() - start > minutes * 60_000);
  const { rounds, files, marked, markedTorn, torn, strange } = found;
  process.stdout.write(
    `moving-rounds: SEED=${seed}, ${rounds} rounds, ${files} files, ${marked} marked (${markedTorn} of them torn), ` +
      `${torn.length} torn and not marked\n`,
  );
  expect({ torn, strange }).toEqual({ torn: [], strange: [] });
});
