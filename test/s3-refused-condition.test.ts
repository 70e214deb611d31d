/** A bucket that answers 501 to the condition of put-if-absent, with registers elsewhere: from init on, for many writers. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Desk, linesOf, type RunOptions } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { compareTrees, recordTree } from "./crash/recorded-tree.js";
import { type S3Server, startS3Server, testUser } from "./servers/s3-server.js";

let server: S3Server;
let desk: Desk;
beforeAll(async () => {
  server = await startS3Server({ users: [testUser], putIfAbsent: "refused" });
  desk = new Desk();
});
afterAll(async () => {
  desk[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const environment = (more: RunOptions["env"] = {}): RunOptions => ({
  env: {
    BCAT_REPOSITORY: `s3:${server.url}/bucket/laptop`,
    BCAT_REGISTERS: desk.path("registers"),
    BCAT_RETRY_FOR: "0",
    AWS_ACCESS_KEY_ID: testUser.accessKey,
    AWS_SECRET_ACCESS_KEY: testUser.secretKey,
    AWS_EC2_METADATA_DISABLED: "true",
    ...more,
  },
});

test("backups at once get dense numbers, come back, and nothing is found damaged", async () => {
  const hosts = [1, 2, 3];
  for (const host of hosts) desk.write({ [`source${host}/file`]: 200_000 + host });
  expect(await desk.good(["init"], environment())).toContain("registers in");
  const backUp = (host: number) =>
    desk.good(["backup", desk.path(`source${host}`)], environment({ XDG_CACHE_HOME: desk.path(`cache${host}`) }));
  const printed = await Promise.all(hosts.map(backUp));
  const numbers = printed.map((text) => Number(/snapshot (\d+)/.exec(text)?.[1]));
  expect([...numbers].sort()).toEqual(hosts);
  for (const [at, number] of numbers.entries()) {
    await desk.good(["restore", `${number}`, "all", `back${number}`], environment({ BCAT_REGISTERS: undefined }));
    expect(compareTrees(recordTree(desk.path(`source${at + 1}`)), recordTree(desk.path(`back${number}`)))).toEqual([]);
  }
  expect(await desk.good(["check", "--read-data"], environment())).toContain("no damage found");
  expectRefusal(await desk.bcat(["init"], environment()), { code: 1, says: /there is one already/ });
  rmSync(desk.path("registers"), { recursive: true });
  expect(await desk.good(["repair", "registers"], environment())).toContain("3 sessions, 3 outcomes");
  expect(await desk.good(["backup", desk.path("source1")], environment())).toContain("snapshot 4");
});

test("registers in such a bucket are refused, with what was found", async () => {
  const more = { BCAT_REPOSITORY: desk.path("other"), BCAT_REGISTERS: `s3:${server.url}/bucket/registers` };
  expectRefusal(await desk.bcat(["init"], environment(more)), { code: 22, says: /registers.*\(501 NotImplemented\)/ });
  expect(linesOf(desk.list(desk.path("other")).join("\n"))).toEqual([]);
});

test("registers in a bucket that only looks before it writes are refused, and none is left there", async () => {
  const latency = () => 5;
  await using racy = await startS3Server({ users: [testUser], putIfAbsent: "racy", latency });
  const registers = `s3:${racy.url}/bucket/registers`;
  const more = { BCAT_REPOSITORY: desk.path("another"), BCAT_REGISTERS: registers };
  expectRefusal(await desk.bcat(["init"], environment(more)), {
    code: 22,
    says: /registers in "s3:.*" do not keep writers apart \(put-if-absent, many at once: round \d+: .*--registers/,
  });
  expect(desk.list(desk.path("another"))).toEqual([]);
  expect([...racy.buckets.get("bucket")!.objects.keys()]).toEqual([]);
});
