/** What lies between the program and a bucket: the probe, the count of requests, trying again, and an end by signal. */
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Child, Desk, jsonLines, linesOf, noMessage, type Run, type RunOptions } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";
import { sliceOf } from "./kit/long-run.js";
import { FilledBucket } from "./servers/filled-bucket.js";
import { type LoggedRequest, type S3Server, startS3Server, testUser } from "./servers/s3-server.js";
import { S3Fault } from "./servers/s3-xml.js";

let server: S3Server;
let desk: Desk;
beforeEach(async () => {
  server = await startS3Server({ users: [testUser] });
  desk = new Desk();
  desk.write({ "source/a.txt": "alpha\n", "source/folder/b.bin": 300_000 });
});
afterEach(async () => {
  desk[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

function environment(more: RunOptions["env"] = {}): RunOptions {
  return {
    env: {
      BCAT_REPOSITORY: `s3:${server.url}/bucket/laptop`,
      AWS_ACCESS_KEY_ID: testUser.accessKey,
      AWS_SECRET_ACCESS_KEY: testUser.secretKey,
      AWS_EC2_METADATA_DISABLED: "true",
      ...more,
    },
  };
}
const bcat = (words: readonly string[], more?: RunOptions["env"]): Promise<Run> => desk.bcat(words, environment(more));
const good = (words: readonly string[], more?: RunOptions["env"]) => desk.good(words, environment(more));
const filled = new FilledBucket();
const init = () => filled.fill(server, ["init"], good);
/** Too slow for the thousand keys that doctor puts where that is cheap, as far as doctor can tell: it measures first. */
const slow = { latency: ({ key: name }: LoggedRequest) => (name.includes("/latency-") ? 30 : 0) };
const keys = () => [...server.buckets.get("bucket")!.objects.keys()];
const requests = () =>
  server.log.splice(0).map(({ method, key: name }) => `${method} ${name.replace(/^laptop\//, "")}`);

describe("the count of requests", () => {
  interface Requests {
    readonly [kind: string]: number;
  }
  const total = ({ retries: _, bytes_sent: __, bytes_received: ___, ...kinds }: Requests): number =>
    Object.values(kinds).reduce((sum, count) => sum + count, 0);

  test("is what the server has seen: init, a backup, one without changes, a restore, a check, a probe", async () => {
    server.options = { users: [testUser], pageSize: 3, ...slow };
    const env = { BCAT_REPOSITORY: `s3:${server.url}/new/laptop` };
    for (const words of [
      ["init", "--create-bucket"],
      ["backup", "source"],
      ["backup", "source"],
      ["restore", "latest", "all", "back"],
      ["check", "--read-data"],
      ["doctor"],
    ]) {
      requests();
      const [summary] = jsonLines(await good([...words, "--json"], env)).slice(-1) as { requests: Requests }[];
      expect([words[0], total(summary!.requests)]).toEqual([words[0], requests().length]);
    }
  });

  test("is five for an unchanged backup, reading back included, and three for snapshots", async () => {
    await init();
    // Long settled: what was just written is read again.
    const source = fileURLToPath(new URL("../docs/decisions", import.meta.url));
    for (let i = 0; i < 2; i++) await good(["backup", source]);
    requests();
    await good(["backup", "--init", source]);
    expect(requests()).toEqual([
      "GET outcomes/0000000002",
      "PUT sessions/0000000003",
      "GET log/0000000001",
      "PUT outcomes/0000000003",
      "GET outcomes/0000000003",
    ]);
    await good(["snapshots"]);
    expect(requests()).toHaveLength(3);
  });
});

describe("a bucket without put-if-absent", () => {
  test.each(
    sliceOf([
      ["ignored", /a second value is taken for the same name/],
      ["refused", /501/],
    ] as const),
  )("(%s) is found out by doctor and refused by init, with what to do", async (putIfAbsent, says) => {
    server.options = { users: [testUser], putIfAbsent, ...slow };
    const doctor = await bcat(["doctor"]);
    expect(doctor).toMatchObject({ code: 22, stderr: noMessage });
    expect(doctor.stdout).toMatch(/^put-if-absent, one after the other +BAD /m);
    expect(doctor.stdout).toMatch(says);
    expect(linesOf(doctor.stdout).at(-1)).toMatch(/^several writers at once: no; .*--registers.*--single-writer/);
    for (const words of [["init"], ["backup", "--init", "source"]])
      expectRefusal(await bcat(words), { code: 22, says: /does not keep writers apart .*--single-writer/ });
    expect(keys()).toEqual([]);
  });

  // s3.test.ts has the other one.
  test.each(sliceOf(["ignored", "refused"] as const))(
    "(%s) is a home for one writer at a time: clients that take turns lose nothing",
    async (putIfAbsent) => {
      server.options = { users: [testUser], putIfAbsent };
      expect(await good(["init", "--single-writer"])).toContain("one writer at a time");
      for (const client of [1, 2, 1, 2])
        await good(["backup", "source"], { XDG_CACHE_HOME: desk.path(`cache${client}`) });
      expect(linesOf(await good(["snapshots"]))).toHaveLength(5);
      await good(["restore", "2", "all", "back"]);
      expect(desk.read("back/a.txt")).toBe("alpha\n");
      await good(["check", "--read-data"]);
    },
  );
});

describe("a bucket that is gone", () => {
  /** A port where nothing listens. */
  async function deadUrl(): Promise<string> {
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as { port: number };
    listener.close();
    return `s3:http://127.0.0.1:${port}/bucket/laptop`;
  }

  test("is not asked again with --retry-for 0", async () => {
    const run = await bcat(["snapshots", "--retry-for", "0", "-v"], { BCAT_REPOSITORY: await deadUrl() });
    expect(run.code).toBe(11);
    expect(run.stderr).toMatch(
      /^repository in .*\n1 request \(1 get\), 0 B sent, 0 B received, no retries\nbcat: .*\n$/,
    );
  });

  test("is given up at the deadline, with how often it was tried", async () => {
    const run = await bcat(["snapshots", "--retry-for", "1s"], { BCAT_REPOSITORY: await deadUrl() });
    expectRefusal(run, { code: 11, says: /; tried \d+ times in \d+ s$/m });
  });

  test.each(
    sliceOf([
      ["backup", ["backup", "source"], /^bcat: interrupted; nothing was committed$/m],
      ["snapshots", ["snapshots"], /^bcat: interrupted$/m],
      ["doctor", ["doctor"], /^bcat: interrupted; objects below probe\/ may be left/m],
    ] as const),
  )("ends a %s that is interrupted while it waits for its next try", async (_, words, says) => {
    await init();
    let asked = 0;
    const intercept = () => {
      asked++;
      if (asked === 4) desk.write({ asked: "" });
      return new S3Fault(503, "ServiceUnavailable");
    };
    server.options = { users: [testUser], intercept };
    const act = (child: Child) => void child.kill("SIGINT");
    const run = await desk.bcat([...words, "--retry-for", "1h"], {
      ...environment(),
      disturb: { below: desk.folder, file: /asked$/, act },
    });
    expectRefusal(run, { code: 130, says });
    expect(run.signal).toBeNull();
  });
});
