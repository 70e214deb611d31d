/** What lay in a folder that kept others out is not open to them in a target that a restore makes, also without that folder. */
import * as fs from "node:fs";
import { dirname, join } from "node:path";
import { forecastRestore, type Wanted } from "@bcat/snapshot";
import { createMemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, openClient } from "./kit/client.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";

let scratch: Scratch;
let client: Client;

const at = (...names: string[]) => join(scratch.path, ...names);
const modeOf = (...names: string[]) => (fs.statSync(at(...names)).mode & 0o7777).toString(8);
const make = (name: string, mode: number) => {
  fs.mkdirSync(at(name));
  fs.chmodSync(at(name), mode);
};
const notes = () => client.warnings.filter((line) => line.includes("which kept others out")).join("\n");

beforeEach(async () => {
  scratch = makeScratch(2 ** 24)!;
  fs.chmodSync(scratch.path, 0o755);
  make("sec", 0o700);
  make("sec/proj", 0o755);
  make("sec/proj/in", 0o755);
  for (const name of ["sec/proj/key", "sec/proj/in/key"]) fs.writeFileSync(at(name), "secret", { mode: 0o644 });
  client = await openClient(createMemoryStorage());
});
afterEach(async () => {
  await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

/** Whether others get from `/` to here: they do not where temporary folders are private. */
function isOpenBelow(path: string): boolean {
  if ((fs.statSync(path).mode & 0o011) !== 0o011) return false;
  return path === "/" || isOpenBelow(dirname(path));
}

const isOpen = isOpenBelow("/dev/shm");
if (!isOpen) process.stdout.write("private folders that are left: skipped, nobody else gets into /dev/shm\n");

describe.skipIf(!isOpen)("the folders above were private", () => {
  beforeEach(async () => {
    await client.backup([at("sec/proj")]);
  });

  test("a new target in the place of the source is, too, and that is said", async () => {
    expect(await client.restore("all", at("new"))).toMatchObject({ errors: 0 });
    expect([modeOf("new"), modeOf("new/in"), modeOf("new/key")]).toEqual(["700", "755", "644"]);
    expect(notes()).toBe(
      `skipped ${at("sec/proj")}: the target got mode 0700, not 0755: "${at("sec")}" (mode 0700), which kept others out, is not restored`,
    );
    await client.restore("all", at("new"), { overwrite: "if-changed" });
    expect([modeOf("new"), notes()]).toEqual(["700", ""]);
    expect(fs.statSync(at("new")).mtimeMs).toBe(fs.statSync(at("sec/proj")).mtimeMs);
  });

  test("a dry run says what would become of a new target, and of one that is there", async () => {
    const forecast = async (wanted: Wanted, target: string) => {
      const said: string[] = [];
      const onWarning = ({ message }: { message: string }) => said.push(message);
      const info = await client.find("latest");
      await forecastRestore(client.repository, client.posix, info, wanted, Buffer.from(target), { onWarning });
      return said.join("\n");
    };
    const keeper = `"${at("sec")}" (mode 0700), which kept others out, is not restored`;
    expect(await forecast("all", at("new"))).toContain(`the target would get mode 0700, not 0755: ${keeper}`);
    const inside = { paths: [Buffer.from(at("sec/proj/in"))] };
    expect(await forecast(inside, at("new"))).toContain(`the target would be closed to others: ${keeper}`);
    make("mine", 0o700);
    fs.symlinkSync(at("mine"), at("to mine"));
    expect(await forecast("all", at("to mine/new"))).toBe("");
    make("old", 0o755);
    expect(await forecast("all", at("old"))).toContain(`others can get at it in the target: ${keeper}`);
    expect([modeOf("old"), fs.existsSync(at("new")), fs.existsSync(at("mine/new"))]).toEqual(["755", false, false]);
  });

  test("the group stays where the folder let it in", async () => {
    fs.chmodSync(at("sec"), 0o750);
    await client.backup([at("sec/proj")]);
    await client.restore("all", at("new"));
    expect(modeOf("new")).toBe("750");
  });

  test("a target in a private folder gets the mode of the source", async () => {
    make("mine", 0o700);
    await client.restore("all", at("mine/new"));
    expect([modeOf("mine/new"), notes()]).toEqual(["755", ""]);
    fs.symlinkSync("/dev/shm", at("mine/away"));
    await client.restore("all", at("mine/away", scratch.path.slice("/dev/shm".length), "new"));
    expect(modeOf("new")).toBe("700");
  });

  test("the source itself, restored where it was, is as it was", async () => {
    await client.restore("all", at("sec/proj"), { overwrite: "always" });
    expect([modeOf("sec/proj"), notes()]).toEqual(["755", ""]);
  });

  test("a target that is there stays as it is, and that is said", async () => {
    make("old", 0o755);
    await client.restore("all", at("old"));
    expect([modeOf("old"), notes()]).toEqual(["755", expect.stringContaining("others can get at it in the target")]);
  });

  test("a new target of what is given by its path, also from inside of the source, is private", async () => {
    await client.restore({ paths: [Buffer.from(at("sec/proj/in"))] }, at("new"));
    expect([modeOf("new"), modeOf("new/in")]).toEqual(["700", "755"]);
    expect(notes()).toContain("the target got mode 0700");
    fs.chmodSync(at("sec/proj"), 0o700);
    fs.chmodSync(at("sec"), 0o755);
    await client.backup([at("sec/proj")]);
    await client.restore({ contentsOf: Buffer.from(at("sec/proj/in")) }, at("other"));
    expect(modeOf("other")).toBe("700");
  });

  test("of a single file that gets another name it is said", async () => {
    const paths = [Buffer.from(at("sec/proj/key"))];
    await client.restore({ paths, targetMayBeName: true }, at("key"));
    expect([modeOf("key"), notes()]).toEqual(["644", expect.stringContaining("others can get at it")]);
  });
});

test.skipIf(!isOpen)("folders that are restored keep others out themselves", async () => {
  await client.backup([at("sec/proj/in"), at("sec/proj/key")]);
  await client.restore("all", at("new"));
  expect([modeOf("new"), modeOf("new", at("sec")), notes()]).toEqual(["755", "700", ""]);
});
