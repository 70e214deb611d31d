/** A server that dies in the middle of a backup: comes back, and the backup goes on; or does not, and it ends in time. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Desk, isIncidental, jsonLines, linesOf, type RunOptions } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { compareTrees, recordTree } from "./crash/recorded-tree.js";
import { type LoggedRequest, type S3Server, startS3Server, testUser } from "./servers/s3-server.js";

let server: S3Server;
let desk: Desk;
beforeEach(async () => {
  server = await startS3Server({ users: [testUser] });
  desk = new Desk();
  desk.write({ "source/a.txt": "alpha\n", "source/b.bin": 3_000_000 });
  await desk.good(["init"], environment());
});
afterEach(async () => {
  desk[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const environment = (): RunOptions => ({
  env: {
    BCAT_REPOSITORY: `s3:${server.url}/bucket/laptop`,
    AWS_ACCESS_KEY_ID: testUser.accessKey,
    AWS_SECRET_ACCESS_KEY: testUser.secretKey,
    AWS_EC2_METADATA_DISABLED: "true",
  },
});
const outcomes = () => [...server.buckets.get("bucket")!.objects.keys()].filter((key) => key.includes("outcomes/"));

/** Lets `act` happen at the first request of each kind, which then gets no answer. */
function at(keys: readonly RegExp[], act: () => void): void {
  const left = new Set(keys);
  const intercept = ({ method, key }: LoggedRequest) => {
    const found = method === "PUT" ? [...left].find((wanted) => wanted.test(key)) : undefined;
    if (found === undefined) return undefined;
    left.delete(found);
    return () => act();
  };
  server.options = { users: [testUser], intercept };
}

test("killed at a pack, at the index and at the commit, and started again each time: the backup goes on", async () => {
  let deaths = 0;
  at([/packs\//, /index\//, /outcomes\//], () => {
    deaths++;
    server.kill();
    void server.resume();
  });
  const run = await desk.bcat(["backup", "source", "--retry-for", "5m", "--json"], environment());
  expect(run.code, run.stderr).toBe(0);
  expect(linesOf(run.stderr).filter((line) => !isIncidental(line))).toEqual([]);
  expect(deaths).toBe(3);
  const { requests } = jsonLines(run.stdout).at(-1) as { requests: { retries: number } };
  expect(requests.retries).toBeGreaterThanOrEqual(3);
  await desk.good(["restore", "1", "all", "back"], environment());
  expect(compareTrees(recordTree(desk.path("source")), recordTree(desk.path("back")))).toEqual([]);
});

test("killed for good: the backup ends with 11 when its time to try again is over, and nothing is committed", async () => {
  at([/packs\//], () => server.kill());
  const run = await desk.bcat(["backup", "source", "--retry-for", "3s"], environment());
  expectRefusal(run, { code: 11, says: /"packs\/.*nothing listens there.*; tried \d+ times in \d+ s$/m });
  expect(outcomes()).toEqual([]);
  await server.resume();
  server.options = { users: [testUser] };
  await desk.good(["backup", "source"], environment());
  // It says of the first that it ended without.
  expect(outcomes()).toEqual(["laptop/outcomes/0000000001", "laptop/outcomes/0000000002"]);
  const snapshots = (await desk.json(["snapshots"], environment())) as { number: number }[];
  expect(snapshots.map(({ number }) => number)).toEqual([2]);
});
