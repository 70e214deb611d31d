/** A process that runs the batches of seeds that it is sent. */
import { loadSeeds, runBatch } from "./seeds.mjs";

const runSeed = await loadSeeds({});

// Who has sent the range may be gone by now: then nobody counts it.
process.on("message", async (range) => process.send(await runBatch(runSeed, range), () => {}));
process.send("ready");
