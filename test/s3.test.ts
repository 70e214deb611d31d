/** The program on a bucket: everything a user does, and everything that can be wrong with a bucket or a key. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Desk, type Disturbance, linesOf, noMessage, type Run, type RunOptions } from "./cli/desk.js";
import { expectClean, expectRefusal } from "./cli/refusal.js";
import { isLongRun, sliceOf } from "./kit/long-run.js";
import { certificate, certificateKey } from "./servers/certificate.js";
import { FilledBucket } from "./servers/filled-bucket.js";
import { type S3Server, type S3ServerOptions, startS3Server, testUser } from "./servers/s3-server.js";
import { S3Fault } from "./servers/s3-xml.js";

let server: S3Server;
let desk: Desk;
beforeEach(async () => {
  server = await startS3Server({ users: [testUser] });
  desk = new Desk();
  desk.write({ "source/a.txt": "alpha\n", "source/folder/b.bin": 300_000, "source/c": 3_000_000 });
});
afterEach(async () => {
  desk[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

const repository = () => `s3:${server.url}/bucket/laptop`;

function environment(more: RunOptions["env"] = {}): RunOptions {
  return {
    env: {
      BCAT_REPOSITORY: repository(),
      AWS_ACCESS_KEY_ID: testUser.accessKey,
      AWS_SECRET_ACCESS_KEY: testUser.secretKey,
      AWS_EC2_METADATA_DISABLED: "true",
      BCAT_RETRY_FOR: "0",
      ...more,
    },
  };
}
const bcat = (words: readonly string[], more?: RunOptions["env"]): Promise<Run> => desk.bcat(words, environment(more));
const good = (words: readonly string[], more?: RunOptions["env"]) => desk.good(words, environment(more));
const change = (options: S3ServerOptions) => {
  server.options = { users: [testUser], ...options };
};
const keys = (below = "") => [...server.buckets.get("bucket")!.objects.keys()].filter((name) => name.startsWith(below));
/** Of the requests since the last call. */
const requests = () => server.log.splice(0).map(({ method, key: name }) => `${method} ${name}`);
const noSecret = (run: Run) => expect(run.stdout + run.stderr).not.toContain(testUser.secretKey);

/** Each backs up a source of its own. */
const hosts = sliceOf([1, 2, 3, 4], 2);
const filled = new FilledBucket();
const fill = (words: readonly string[]) => filled.fill(server, words, good);

test("a bucket is the home of a repository: init, backup, again, snapshots, ls, check, restore", async () => {
  const made = await bcat(["init"]);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining(`in ${repository()}\n`), stderr: noMessage });
  const first = await bcat(["backup", "source"]);
  expect(first).toMatchObject({ code: 0, stderr: noMessage });
  requests();
  expect(await good(["backup", "source"])).toMatch(/snapshot 2/);
  // Files that are seconds old are read again, and for that the parent's tree.
  const second = requests().filter((request) => !request.startsWith("GET laptop/packs/"));
  expect(second, second.join("\n")).toHaveLength(5);
  expect(linesOf(await good(["snapshots"])).join("\n")).toMatch(/\n\s*1 .*\n\s*2 /);
  expect(await good(["ls", "1"])).toMatch(/folder/);
  expect(await bcat(["check", "--read-data"])).toMatchObject({ code: 0, stderr: noMessage });
  await good(["restore", "latest", "all", "back"]);
  for (const name of ["a.txt", "folder/b.bin", "c"])
    expect(readFileSync(desk.path("back", name)).equals(readFileSync(desk.path("source", name)))).toBe(true);
  expect(keys().every((name) => name.startsWith("laptop/"))).toBe(true);
});

test(`${hosts.length} backups at once get as many numbers, and all come back`, async () => {
  await fill(["init"]);
  for (const host of hosts) desk.write({ [`source${host}/file`]: 200_000 });
  const runs = await Promise.all(
    hosts.map((host) => bcat(["backup", `source${host}`], { XDG_CACHE_HOME: desk.path(`cache${host}`) })),
  );
  for (const run of runs) expect(run).toMatchObject({ code: 0, stderr: noMessage });
  const taken = runs.map(({ stdout }) => Number(/snapshot (\d+)/.exec(stdout)?.[1]));
  expect([...taken].sort()).toEqual(hosts);
  for (const [index, number] of taken.entries()) {
    await good(["restore", String(number), "all", `back${number}`]);
    const [restored, original] = [desk.path(`back${number}`, "file"), desk.path(`source${index + 1}`, "file")];
    expect(readFileSync(restored).equals(readFileSync(original))).toBe(true);
  }
});

test("only packs of data are of the storage class", async () => {
  await good(["backup", "--init", "source", "--s3-storage-class", "STANDARD_IA"]);
  const { objects } = server.buckets.get("bucket")!;
  const classes = [...objects].map(([name, { storageClass }]) => `${name.split("/")[1]} ${storageClass}`);
  expect(classes.filter((line) => line === "packs STANDARD_IA")).toHaveLength(1);
  expect(classes.filter((line) => line === "packs STANDARD")).toHaveLength(1);
  expect(new Set(classes.filter((line) => !line.startsWith("packs"))).size).toBeGreaterThan(3);
  expect(classes.filter((line) => line.endsWith("IA"))).toHaveLength(1);
});

test("keys come from a profile, the server from --s3-endpoint", async () => {
  desk.write({
    "home/.aws/credentials": `[work]\naws_access_key_id = ${testUser.accessKey}\naws_secret_access_key = ${testUser.secretKey}\n`,
    "home/.aws/config": "[profile work]\nregion = us-east-1\n",
  });
  const words = ["--repo", "s3://bucket/x", "--s3-endpoint", server.url, "--s3-profile", "work"];
  const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  expect(await good(["init", ...words], env)).toMatch(`in s3:${server.url}/bucket/x`);
  expect(keys("x/config")).toEqual(["x/config"]);
});

test("a bucket is made by init --create-bucket only", async () => {
  const env = { BCAT_REPOSITORY: `s3:${server.url}/new` };
  expectRefusal(await bcat(["init"], env), {
    code: 11,
    says: /no such bucket; bcat init --create-bucket makes one \(404 NoSuchBucket\)/,
  });
  expect([...server.buckets.keys()]).toEqual(["bucket"]);
  const made = await bcat(["init", "--create-bucket"], env);
  expect(made).toMatchObject({ code: 0, stderr: expect.stringMatching(/^bcat: created the bucket of ".*\/new"$/m) });
  expect([...server.buckets.keys()]).toEqual(["bucket", "new"]);
  const there = await bcat(["init", "--create-bucket"], { BCAT_REPOSITORY: `${env.BCAT_REPOSITORY}/other` });
  expect(there).toMatchObject({ code: 0, stderr: noMessage });
  const folder = { BCAT_REPOSITORY: desk.path("elsewhere") };
  expectRefusal(await bcat(["init", "--create-bucket"], folder), { code: 2, says: /it lies in none/ });
});

test("a bucket is made in spite of a server that is busy, and an interrupt does not wait for one that is silent", async () => {
  const env = { BCAT_REPOSITORY: `s3:${server.url}/new` };
  const isMaking = ({ method, key: name }: { method: string; key: string }) => method === "PUT" && name === "";
  let refusals = 0;
  change({
    intercept: (request) => (isMaking(request) && refusals++ === 0 ? new S3Fault(503, "SlowDown") : undefined),
  });
  expect(await bcat(["init", "--create-bucket"], { ...env, BCAT_RETRY_FOR: "60s" })).toMatchObject({ code: 0 });
  const asked = () => desk.write({ "asked/now": "" });
  change({ intercept: (request) => (isMaking(request) ? asked : undefined) });
  const other = environment({ BCAT_REPOSITORY: `s3:${server.url}/other` });
  const disturb: Disturbance = { below: desk.folder, file: /asked\/now$/, act: (child) => void child.kill("SIGINT") };
  const run = await desk.bcat(["init", "--create-bucket"], { ...other, disturb });
  expectRefusal(run, { code: 130, says: /^bcat: interrupted$/m });
});

test("what anybody may read is restored without a key", async () => {
  await fill(["backup", "--init", "source"]);
  change({ isPublic: true });
  const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  await good(["restore", "1", "a.txt", "back/", "--s3-anonymous"], env);
  expect(desk.read("back/a.txt")).toBe("alpha\n");
});

describe("refuses in one line, and commits nothing,", () => {
  beforeEach(async () => {
    await fill(["backup", "--init", "source"]);
    desk.write({ "source/new": 5_000 });
  });

  /** A backup does not go on; another command does, where `still` says so. */
  async function expectRefused(code: number, says: RegExp, env?: RunOptions["env"]): Promise<void> {
    const before = keys("laptop/outcomes");
    for (const words of [["backup", "source"], ["snapshots"]]) {
      const run = await bcat(words, env);
      noSecret(run);
      expectRefusal(run, { code, says });
    }
    expect(keys("laptop/outcomes")).toEqual(before);
  }

  // Of what the service says, the words are tested in s3-storage.test.ts.
  test.runIf(isLongRun)("a key that nobody knows", () =>
    expectRefused(11, /does not know this access key \(403 InvalidAccessKeyId\)/, { AWS_ACCESS_KEY_ID: "AKOTHER" }),
  );

  test.runIf(isLongRun)("a wrong secret", () =>
    expectRefused(11, /the secret key does not fit.*\(403 SignatureDoesNotMatch\)/, {
      AWS_SECRET_ACCESS_KEY: "wrong",
    }),
  );

  test("no key", () => expectRefused(11, /no credentials: set AWS_ACCESS_KEY_ID/, { AWS_ACCESS_KEY_ID: undefined }));

  test.runIf(isLongRun)("a profile that is not there", () =>
    expectRefused(11, /no credentials.*nobody/, { BCAT_S3_PROFILE: "nobody" }),
  );

  test.runIf(isLongRun)("an expired token", () => {
    change({ users: [{ ...testUser, token: "t0ken", isExpired: true }] });
    return expectRefused(11, /session token has expired/, { AWS_SESSION_TOKEN: "t0ken" });
  });

  test.runIf(isLongRun)("a bucket that is not there", () =>
    expectRefused(11, /no such bucket/, { BCAT_REPOSITORY: `s3:${server.url}/nowhere/laptop` }),
  );

  test("a prefix without a repository", () =>
    expectRefused(10, /there is none/, { BCAT_REPOSITORY: `s3:${server.url}/bucket/elsewhere` }));

  test("a server that is not there", () =>
    expectRefused(11, /nothing listens there/, { BCAT_REPOSITORY: "s3:http://127.0.0.1:1/bucket/laptop" }));

  test("no right to list", async () => {
    change({ users: [{ ...testUser, may: ["read", "write"] }] });
    const run = await bcat(["snapshots"]);
    expectRefusal(run, { code: 11, says: /access denied.*right to list is missing/ });
  });

  test("a URL with a key in it", () =>
    expectRefused(2, /keys do not belong there/, {
      BCAT_REPOSITORY: `s3:http://${testUser.accessKey}:${testUser.secretKey}@127.0.0.1/bucket`,
    }));

  test("an unknown option", async () => {
    expectRefusal(await bcat(["snapshots", "-o", "s3.speed=x"]), { code: 2, says: /known are s3\.bucket-lookup/ });
  });

  test("a full disk behind the server", async () => {
    change({
      intercept: ({ method, key: name }) =>
        method === "PUT" && name.includes("/packs/") ? new S3Fault(507, "XMinioStorageFull") : undefined,
    });
    const before = keys("laptop/outcomes");
    expectRefusal(await bcat(["backup", "source"]), { code: 11, says: /no space left \(507 XMinioStorageFull\)/ });
    expect(keys("laptop/outcomes")).toEqual(before);
  });

  test("a key that may only read, which still restores, lists and checks", async () => {
    change({ users: [{ ...testUser, may: ["read", "list"] }] });
    const before = keys();
    expectRefusal(await bcat(["backup", "source"]), { code: 11, says: /access denied \(403 AccessDenied\)/ });
    await good(["snapshots"]);
    await good(["ls", "1"]);
    await good(["check"]);
    await good(["restore", "1", "a.txt", "back/"]);
    expect(desk.read("back/a.txt")).toBe("alpha\n");
    expect(keys()).toEqual(before);
  });
});

test("a variable that is set but empty is as if it were not set", async () => {
  const env = { AWS_REGION: "", AWS_DEFAULT_REGION: "", AWS_PROFILE: "", AWS_SESSION_TOKEN: "" };
  expect(await bcat(["init"], env)).toMatchObject({ code: 0, stderr: noMessage });
});

test("a key with a line break at its end is refused at once, and not shown", async () => {
  const run = await bcat(["init"], { AWS_ACCESS_KEY_ID: `${testUser.accessKey}\n`, BCAT_RETRY_FOR: "5m" });
  expectRefusal(run, { code: 11, says: /the access key or the session token has a line break/ });
  expect(run.stderr).not.toContain(testUser.accessKey);
  expect(server.log).toEqual([]);
});

test("of a page that a proxy answers with, the status is told", async () => {
  const page = "<html>\n<body>\n<h1>No</h1>\n<hr><center>nginx</center>\n</body>\n</html>";
  const answer = (status: number) => (response: ServerResponse) => {
    response.writeHead(status, { "Content-Type": "text/html" });
    response.end(page);
  };
  for (const [status, says] of sliceOf([
    [403, /: access denied \(403\)$/m],
    [413, /takes nothing that large: .*client_max_body_size\) \(413\)$/m],
    [502, /: the server refuses \(502\)$/m],
  ] as const)) {
    change({ intercept: () => answer(status) });
    expectRefusal(await bcat(["init"]), { code: 11, says });
  }
});

test("why a credential process gave no keys is said, and its command line is not", async () => {
  const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  const process = (line: string) =>
    desk.write({ "home/.aws/config": `[default]\ncredential_process = sh -c '${line}' --token hunter2\n` });
  process("echo nothing >&2; echo run vault login first >&2; exit 3");
  const failed = await bcat(["init"], env);
  expectRefusal(failed, {
    code: 11,
    says: /no credentials: the credential process ended with code 3: run vault login first$/m,
  });
  expect(failed.stderr).not.toContain("hunter2");
  process("echo keys");
  expectRefusal(await bcat(["init"], env), { code: 11, says: /the credential process returned invalid JSON$/m });
});

describe("keys that are replaced while a backup runs", () => {
  const [old, renewed] = [
    { accessKey: "AKOLD", secretKey: "old", token: "old-token" },
    { accessKey: "AKNEW", secretKey: "new", token: "new-token" },
  ];
  const env = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  const profile = ({ accessKey, secretKey, token }: typeof old) =>
    `[default]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\naws_session_token = ${token}\n`;
  /** Calls `act` before the first pack is put. */
  const atFirstPack = (act: () => void): Pick<S3ServerOptions, "intercept"> => {
    let isDone = false;
    return {
      intercept: ({ method, key: name }) => {
        if (!isDone && method === "PUT" && name.includes("/packs/")) {
          isDone = true;
          act();
        }
        return undefined;
      },
    };
  };

  test("are read anew from ~/.aws when the old ones have expired", async () => {
    await fill(["init"]);
    desk.write({ "home/.aws/credentials": profile(old) });
    const expire = (isExpired: boolean) => [{ ...old, isExpired }, renewed];
    const intercept = atFirstPack(() => {
      desk.write({ "home/.aws/credentials": profile(renewed) });
      change({ users: expire(true) });
    });
    change({ users: expire(false), ...intercept });
    expect(await bcat(["backup", "source"], env)).toMatchObject({ code: 0, stderr: noMessage });
  });

  test.runIf(isLongRun)("are read anew when the server does not know the old ones any more", async () => {
    await fill(["init"]);
    desk.write({ "home/.aws/credentials": profile(old) });
    const intercept = atFirstPack(() => {
      desk.write({ "home/.aws/credentials": profile(renewed) });
      change({ users: [renewed] });
    });
    change({ users: [old], ...intercept });
    expect(await bcat(["backup", "source"], env)).toMatchObject({ code: 0, stderr: noMessage });
  });

  test("are waited for when what gives them fails, unless it never gave any", async () => {
    await fill(["init"]);
    desk.write({
      "keys.sh": `[ $(date +%s) -lt "$(cat '${desk.path("until")}')" ] && exit 1
echo '{"Version":1,"AccessKeyId":"AKNEW","SecretAccessKey":"new","SessionToken":"new-token","Expiration":"'$(date -u -d '+2 seconds' +%FT%TZ)'"}'
`,
      "home/.aws/config": `[default]\ncredential_process = /bin/sh '${desk.path("keys.sh")}'\n`,
      until: "0",
    });
    // From the first pack on there are no keys for longer than the last ones are good, and nothing is stored.
    let until = Number.NaN;
    change({
      users: [renewed],
      intercept: ({ method, key: name }) => {
        if (method !== "PUT" || !name.includes("/packs/")) return undefined;
        if (Number.isNaN(until)) {
          until = Date.now() + 5_000;
          desk.write({ until: String(Math.floor(until / 1000)) });
        }
        return Date.now() < until - 1_000 ? new S3Fault(503, "SlowDown") : undefined;
      },
    });
    const patient = { ...env, BCAT_RETRY_FOR: "60s" };
    expect(await bcat(["backup", "source"], patient)).toMatchObject({ code: 0 });
    desk.write({ until: "99999999999" });
    expectRefusal(await bcat(["backup", "source"], patient), {
      code: 11,
      says: /: no credentials: the credential process ended/,
    });
  });
});

test("a wrong region is followed, and said", async () => {
  await fill(["init"]);
  change({ region: "eu-central-1" });
  const run = await bcat(["backup", "source"], { AWS_REGION: "us-west-2" });
  expectClean(run);
  expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/region eu-central-1: with --s3-region/) });
  expect(await bcat(["snapshots"], { BCAT_S3_REGION: "eu-central-1" })).toMatchObject({ code: 0, stderr: noMessage });
});

test("a clock that is wrong is said, and no hindrance", async () => {
  change({ clockAhead: -3_600_000 });
  const run = await bcat(["init"]);
  expect(run).toMatchObject({ code: 0, stderr: expect.stringMatching(/60 minutes ahead of the server's/) });
});

test("a certificate of one's own is trusted by --cacert only", async () => {
  await using tls = await startS3Server({ users: [testUser], tls: { key: certificateKey, cert: certificate } });
  const folder = mkdtempSync(join(tmpdir(), "bcat-ca-"));
  try {
    writeFileSync(join(folder, "ca.pem"), certificate);
    const env = { BCAT_REPOSITORY: `s3:${tls.url}/bucket/x` };
    expectRefusal(await bcat(["init"], env), { code: 11, says: /certificate.*--cacert/ });
    await good(["init", "--cacert", join(folder, "ca.pem")], env);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(sliceOf(["refused", "ignored"] as const))(
  "a service where put-if-absent is %s is for one writer",
  async (putIfAbsent) => {
    change({ putIfAbsent });
    expectRefusal(await bcat(["init"]), { code: 22, says: /does not keep writers apart.*--single-writer/ });
    expect(keys()).toEqual([]);
    await good(["init", "--single-writer"]);
    await good(["backup", "source"]);
    expect(await good(["backup", "source"])).toMatch(/snapshot 2/);
    await good(["restore", "1", "a.txt", "back/"]);
    expect(desk.read("back/a.txt")).toBe("alpha\n");
  },
);

test("nothing is printed that the SDK has to say", async () => {
  await fill(["init"]);
  const run = await bcat(["snapshots"], { NODE_OPTIONS: "--trace-warnings", AWS_PROFILE: "default" });
  expect(run.stderr).not.toMatch(/Warning|aws-sdk/i);
});
