/**
 * The storage suite, and the way there and back of a folder, on real servers of S3 that run already:
 * `S3_SERVERS="gofakes3=http://127.0.0.1:9000 other=https://…"`, with the keys in AWS_*. Each gets a bucket of its own.
 */
import { execFileSync } from "node:child_process";
import { describeStorage } from "@bcat/storage/conformance";
import { openS3Storage } from "@bcat/storage/s3";
import { describe, expect, test } from "vitest";
import { Desk, noMessage } from "./cli/desk.js";

const bucket = `bcat-${Date.now().toString(36)}`;
const servers = (process.env.S3_SERVERS ?? "").split(" ").filter((text) => text !== "");
if (servers.length === 0) process.stdout.write("s3: skipped real servers: S3_SERVERS names none\n");
let prefixes = 0;

for (const server of servers) {
  const [name = "", endpoint = ""] = server.split("=");
  const open = (prefix: string) =>
    openS3Storage({
      location: server,
      bucket,
      prefix,
      endpoint,
      onNotice: (line) => process.stdout.write(`${line}\n`),
    });

  describeStorage(`s3 storage in ${name}`, async () => {
    const storage = open(`suite/${prefixes++}`);
    if (prefixes === 1) await storage.createBucket();
    return { storage, dispose: async () => {} };
  });

  describe(`bcat with ${name}`, () => {
    test("brings a folder there and back, from eight processes at once", async () => {
      await open("").createBucket();
      using desk = new Desk();
      const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
      const keys = { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, BCAT_REPOSITORY: `s3:${endpoint}/${bucket}/repository` };
      const env = (host = 0) => ({ env: { ...keys, XDG_CACHE_HOME: desk.path(`cache${host}`) } });
      await desk.good(["init"], env());
      const hosts = [1, 2, 3, 4, 5, 6, 7, 8];
      for (const host of hosts) desk.write({ [`source${host}/a`]: 100, [`source${host}/b/c`]: 10_000_000 });
      const runs = await Promise.all(hosts.map((host) => desk.bcat(["backup", `source${host}`], env(host))));
      expect(runs.map(({ stderr }) => stderr).filter((text) => text !== "")).toEqual([]);
      for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: noMessage });
      const numbers = runs.map(({ stdout }) => Number(/snapshot (\d+)/.exec(stdout)?.[1]));
      expect(numbers.toSorted()).toEqual(hosts);
      for (const [index, number] of numbers.entries()) {
        await desk.good(["restore", String(number), "all", `back${number}`], env());
        execFileSync("diff", ["-r", desk.path(`back${number}`), desk.path(`source${index + 1}`)]);
      }
      await desk.good(["check", "--read-data"], env());
    });
  });
}

test.skipIf(servers.length > 0)("there are no real servers here", () => {});
