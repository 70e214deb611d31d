import { expect, test } from "vitest";
import { fileSink } from "./byte-sink.js";

test("a sink that is written to after the signal begins no write, which nobody would hear fail", async () => {
  const unheard: unknown[] = [];
  const hear = (reason: unknown) => unheard.push(reason);
  process.on("unhandledRejection", hear);
  const interruption = new AbortController();
  // Refuses every byte, as a pipe does that nobody reads.
  const sink = await fileSink("/dev/full", { unique: "x", signal: interruption.signal, checkFolder: () => {} });
  interruption.abort(new Error("interrupted"));
  await expect(sink.write(Buffer.from("late"))).rejects.toThrow("interrupted");
  await sink.discard();
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  process.off("unhandledRejection", hear);
  expect(unheard).toEqual([]);
});
