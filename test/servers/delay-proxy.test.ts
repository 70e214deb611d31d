import { createServer } from "node:http";
import { createAgents, request } from "@bcat/storage/wire";
import { expect, test } from "vitest";
import { randomBytesOf } from "../kit/random-bytes.js";
import { startDelayProxy } from "./delay-proxy.js";
import { listen } from "./listen.js";
import { wireClock } from "./wire-clock.js";

test("startDelayProxy() passes everything on, in order, no sooner than its line allows", async () => {
  await using server = await listen(createServer((incoming, outgoing) => incoming.pipe(outgoing)));
  await using proxy = await startDelayProxy({ port: server.port, latencyMs: 5, bytesPerSecond: 20_000_000 });
  const agents = createAgents({ clock: wireClock });
  const body = randomBytesOf("body", 3_000_000);
  const started = performance.now();
  const url = new URL(`http://127.0.0.1:${proxy.port}/`);
  const answers = await Promise.all(
    [1, 2, 3].map(() => request({ agents, url, method: "PUT", body, sizeMax: body.length })),
  );
  for (const answer of answers) expect(body.equals(answer.body)).toBe(true);
  // A lower bound holds on any machine: three bodies one way, the last of them back, and the ways themselves.
  expect(performance.now() - started).toBeGreaterThan(3 * 150 + 10);
  expect(proxy.counts.connections).toBe(3);
  expect(proxy.counts.up).toBeGreaterThan(9_000_000);
  agents.close();
});
