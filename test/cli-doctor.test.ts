/** `bcat doctor`, and what commands say about their requests. */
import * as fs from "node:fs";
import { describe, expect, test } from "vitest";
import { Desk, jsonLines, linesOf, noMessage } from "./cli/desk.js";
import { expectRefusal } from "./cli/refusal.js";

describe.concurrent("bcat doctor", () => {
  test("finds a folder good that does not exist, and leaves nothing behind", async () => {
    using desk = new Desk();
    const run = await desk.bcat(["doctor"], { env: { BCAT_KEY_FILE: undefined } });
    expect(run).toMatchObject({ code: 0, stderr: noMessage });
    const lines = linesOf(run.stdout);
    expect(lines[0]).toMatch(/^check +result +found$/);
    expect(
      lines.filter((line) => /^(put-if-absent|read after|ranges|listing|removing|overwriting).* good /.test(line)),
    ).toHaveLength(7);
    expect(lines.at(-2)).toBe("a repository is not there");
    expect(lines.at(-1)).toBe("several writers at once: yes, as far as a probe can tell");
    expect(fs.existsSync(desk.repository)).toBe(false);
  });

  test("leaves no folder above one that does not exist", async () => {
    using desk = new Desk();
    const deep = ["--repo", desk.path("a/b/c"), "--registers", desk.path("d/e/f")];
    expect(await desk.bcat(["doctor", ...deep])).toMatchObject({ code: 0, stderr: noMessage });
    expect([fs.existsSync(desk.path("a")), fs.existsSync(desk.path("d"))]).toEqual([false, false]);
  });

  test("leaves a repository as it is", async () => {
    using desk = new Desk();
    desk.write({ "source/file": "content" });
    await desk.good(["backup", "--init", "source"]);
    const before = fs.readdirSync(desk.repository, { recursive: true });
    expect(await desk.json(["doctor"])).toMatchObject({
      ...{ message_type: "summary", repository: desk.repository, repository_exists: true },
      ...{ several_writers: true, usable: true, objects_left: 0 },
      findings: expect.arrayContaining([{ check: "ranges", result: "good", found: expect.any(String) }]),
      latency_ms: { put: expect.any(Number), get: expect.any(Number) },
      bytes_per_second: { sent: expect.any(Number), received: expect.any(Number) },
    });
    expect(fs.readdirSync(desk.repository, { recursive: true })).toEqual(before);
    await desk.good(["check"]);
  });

  test("fails where nothing can be written", async () => {
    using desk = new Desk();
    fs.mkdirSync(desk.repository, { mode: 0o555 });
    expectRefusal(await desk.bcat(["doctor"], { unprivileged: true }), { code: 11, says: /permission denied/ });
  });
});

describe.concurrent("requests", () => {
  const requests = { get: expect.any(Number), put_if_absent: expect.any(Number), retries: 0 };

  test("are in the summaries of --json", async () => {
    using desk = new Desk();
    desk.write({ "source/file": 5000 });
    for (const words of [["init"], ["backup", "source"], ["check"], ["restore", "1", "all", "out"]]) {
      const run = await desk.bcat([...words, "--json"]);
      expect(run).toMatchObject({ code: 0, stderr: noMessage });
      expect(jsonLines(run.stdout).at(-1)).toMatchObject({ requests });
    }
  });

  test("are a line on stderr with -v, also of what fails, and of what prints an array", async () => {
    using desk = new Desk();
    desk.write({ "source/file": 5000 });
    const line = /^\d+ requests? \(.*get.*\), .* sent, .* received, no retries$/;
    expect((await desk.bcat(["snapshots", "-v"])).stderr).toMatch(/^\d requests \(\d get\), .*\n.*none/m);
    for (const words of [["backup", "--init", "source"], ["snapshots"], ["ls", "latest"]]) {
      const run = await desk.bcat([...words, "--verbose"]);
      expect(linesOf(run.stderr).filter((text) => line.test(text))).toHaveLength(1);
    }
    const run = await desk.bcat(["snapshots", "-v", "--json"]);
    expect(JSON.parse(run.stdout)).toHaveLength(1);
    expect(jsonLines(run.stderr)).toMatchObject([{ message_type: "requests", requests }]);
  });
});

test("init --single-writer says what that means, and such a repository is read and written as any other", async () => {
  using desk = new Desk();
  desk.write({ "source/file": 5000 });
  expect(await desk.good(["init", "--single-writer"])).toMatch(/\none writer at a time: .*\n$/);
  for (let i = 0; i < 2; i++) await desk.good(["backup", "source"]);
  await desk.good(["restore", "2", "all", "out"]);
  expect(desk.read("out/file")).toBe(desk.read("source/file"));
});

test("init refuses --single-writer where registers elsewhere keep writers apart", async () => {
  using desk = new Desk();
  const both = ["init", "--single-writer", "--registers", desk.path("registers")];
  expectRefusal(await desk.bcat(both), { code: 2, says: /--single-writer with registers elsewhere.*leave one/ });
  expect(desk.list()).toEqual([]);
});
