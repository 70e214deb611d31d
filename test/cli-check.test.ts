/** `bcat check` and `bcat scrub` at the command line. */
import { afterAll, describe, expect, test } from "vitest";
import { DeskWithSnapshot } from "./cli/desk.js";
import { flip, largest } from "./cli/tamper.js";

const models = new DeskWithSnapshot();
afterAll(() => models[Symbol.dispose]());

const noSecret = { env: { BCAT_KEY_FILE: undefined, BCAT_PASSWORD: undefined } };

describe.concurrent("bcat check", () => {
  test("reads a part of the data, goes on with the others, and says what is left", async () => {
    using desk = await models.open();
    const first = await desk.good(["check", "--read-data-subset", "1B"]);
    expect(first).toMatch(
      /\nread the data of 1 of \d packs; \d of the others (was|were) not read yet\nno damage found\n$/,
    );
    expect(await desk.good(["check", "--read-data-subset", "100%"])).not.toContain("not read yet");
  });

  test.each(["0/3", "4/3", "0%", "101%", "0", "some", "1/"])("refuses --read-data-subset %s", async (subset) => {
    using desk = await models.open();
    expect(await desk.bcat(["check", "--read-data-subset", subset])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--read-data-subset"),
    });
  });

  test("tells of a session that has not finished with -v only, in both forms", async () => {
    using desk = await models.open();
    await desk.good(["backup", desk.root]);
    const [newest] = desk.committed().reverse();
    await desk.run(["rm", `${desk.repository}/${newest!.split(" ")[0]}`]);
    expect(await desk.good(["check", "--no-cache"])).not.toContain("finished");
    expect(await desk.good(["check", "--no-cache", "-v"])).toMatch(/^session 2 has not finished/m);
    expect(await desk.good(["check", "--no-cache", "--json"])).not.toContain("finished");
    expect(await desk.good(["check", "--no-cache", "--json", "-v"])).toContain('"code":"unfinished-session"');
  });
});

describe.concurrent("bcat scrub", () => {
  test("needs no passphrase, and finds a flipped bit", async () => {
    using desk = await models.open();
    expect(await desk.good(["scrub"], noSecret)).toMatch(
      /^scrubbed \d+ objects, of which \d whole packs; .*\nno damage found\n$/,
    );
    flip(desk, largest(desk, "packs"), 1);
    const { code, stdout } = await desk.bcat(["scrub", "--json"], noSecret);
    expect(code).toBe(21);
    const [finding] = stdout.split("\n").map((line) => (line === "" ? {} : JSON.parse(line)));
    expect(finding).toMatchObject({
      message_type: "error",
      object_kind: "pack",
      remedy: expect.stringContaining("bcat repair packs"),
    });
  });

  test("of what is no repository ends with 10", async () => {
    using desk = await models.open();
    expect((await desk.bcat(["scrub", "--repo", desk.path("home")], noSecret)).code).toBe(10);
  });
});
