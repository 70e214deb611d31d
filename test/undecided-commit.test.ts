/** A commit that gets no answer: what the user reads comes true, wherever the registers are. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { Desk, type RunOptions } from "./cli/desk.js";
import { expectJsonRefusal, expectRefusal } from "./cli/refusal.js";
import { type LoggedRequest, type S3Server, startS3Server, testUser } from "./servers/s3-server.js";
import { S3Fault } from "./servers/s3-xml.js";

let server: S3Server;
let desk: Desk;
beforeEach(async () => {
  server = await startS3Server({ users: [testUser], buckets: ["objects", "registers"] });
  desk = new Desk();
  desk.write({ "source/a": "alpha\n" });
});
afterEach(async () => {
  desk[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const environment = (more: RunOptions["env"] = {}): RunOptions => ({
  env: {
    BCAT_REPOSITORY: `s3:${server.url}/objects/laptop`,
    AWS_ACCESS_KEY_ID: testUser.accessKey,
    AWS_SECRET_ACCESS_KEY: testUser.secretKey,
    AWS_EC2_METADATA_DISABLED: "true",
    BCAT_RETRY_FOR: "0",
    ...more,
  },
});
const elsewhere = () => ({ BCAT_REGISTERS: `s3:${server.url}/registers` });

/** Puts of such objects get no good answer. */
function refuse(bucket: string, key: RegExp): void {
  const isOne = (request: LoggedRequest) =>
    request.method === "PUT" && request.bucket === bucket && key.test(request.key);
  const fault = new S3Fault(503, "ServiceUnavailable");
  server.options = { ...server.options, intercept: (request) => (isOne(request) ? fault : undefined) };
}

async function numbers(): Promise<number[]> {
  const listed = (await desk.json(["snapshots"], environment())) as { number: number }[];
  return listed.map(({ number }) => number);
}

test("with registers elsewhere, the next backup finds out", async () => {
  const says =
    /; whether snapshot \d is committed is not known yet: the next backup finds out, and from then on bcat snap/;
  await desk.good(["init"], environment(elsewhere()));
  // The registers do not answer; then they do, and the copy cannot be made.
  for (const [bucket, key] of [
    ["registers", /outcomes\//],
    ["objects", /registers\/.*outcomes\/0000000002/],
  ] as const) {
    refuse(bucket, key);
    expectRefusal(await desk.bcat(["backup", "source"], environment(elsewhere())), { code: 11, says });
  }
  expect(await numbers()).toEqual([]);
  server.options = { users: [testUser] };
  await desk.good(["backup", "source"], environment(elsewhere()));
  expect(await numbers()).toEqual([2, 3]);
});

test("for one writer at a time, the next backup of this machine puts it there first", async () => {
  await desk.good(["init", "--single-writer"], environment());
  refuse("objects", /outcomes\//);
  const run = await desk.bcat(["backup", "source", "--json"], environment());
  expectJsonRefusal(run, {
    code: 11,
    says: /; whether snapshot 1 is there by now, bcat snapshots tells: the next back/,
  });
  server.options = { users: [testUser] };
  expect(await numbers()).toEqual([]);
  await desk.good(["backup", "source"], environment());
  expect(await numbers()).toEqual([1, 2]);
});
