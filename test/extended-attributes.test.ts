/** Extended attributes come back: of users, access control lists, capabilities, and what only root sees. */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { type Attributes, type Posix, Stat } from "@bcat/posix";
import { createMemoryStorage, type MemoryStorage } from "@bcat/storage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Client, type ClientOptions, openClient } from "./kit/client.js";
import { randomBytesOf } from "./kit/random-bytes.js";
import { makeScratch, type Scratch } from "./kit/scratch.js";
import { canSetAttributes } from "./kit/settable-attributes.js";
import { compareTrees, describeDifferences } from "./kit/walker.js";

const DAY = 86_400_000;
const asRoot = process.geteuid?.() === 0;

let scratch: Scratch;
let source: string;
let storage: MemoryStorage;
const clients: Client[] = [];
beforeEach(() => {
  // Memory may not know attributes of users.
  scratch = makeScratch(2 ** 26, { onDisk: true })!;
  source = join(scratch.path, "source");
  fs.mkdirSync(join(source, "folder"), { recursive: true });
  storage = createMemoryStorage();
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

async function open(options: ClientOptions = {}): Promise<Client> {
  const client = await openClient(storage, options);
  client.time = Date.now() + DAY;
  clients.push(client);
  return client;
}

const canSet = await canSetAttributes("extended attributes", { onDisk: true });

function hasTool(name: string): boolean {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const set = (name: string, attribute: string, value: string | Uint8Array) => {
  const text = typeof value === "string" ? value : `0x${Buffer.from(value).toString("hex")}`;
  execFileSync("setfattr", ["-h", "-n", attribute, "-v", text, join(source, name)]);
};
/** Everything that getfattr says of a folder and all below it, by name. */
const attributesOf = (folder: string) =>
  execFileSync("getfattr", ["-R", "-h", "-d", "-m", "-", "-e", "hex", "."], { cwd: folder, encoding: "utf8" })
    .split("\n\n")
    .sort();

/** One of each kind. */
function makeAttributes(): void {
  for (const [name, size] of Object.entries({ inline: 10, chunk: 4_096, chunks: 5_000_000, "read-only": 7 })) {
    fs.writeFileSync(join(source, name), randomBytesOf(name, size));
    set(name, "user.name", name);
  }
  fs.chmodSync(join(source, "read-only"), 0o444);
  set("inline", "user.empty", "");
  set(
    "inline",
    "user.bytes",
    Uint8Array.from({ length: 256 }, (_, i) => i),
  );
  set("chunk", "user.long", randomBytesOf("long", 3_000));
  fs.linkSync(join(source, "chunk"), join(source, "folder/chunk"));
  set("folder", "user.of a folder", "1");
  fs.writeFileSync(join(source, "folder/none"), "no attributes");
  fs.symlinkSync("inline", join(source, "symlink"));
  execFileSync("mkfifo", [join(source, "fifo")]);
  set(".", "user.of the source", "2");
  if (!asRoot) return;
  for (const name of ["inline", "folder", "symlink", "fifo"]) set(name, "trusted.name", name);
  // cap_net_raw+ep, and what `setfacl -m u:1000:rwx` makes.
  set("chunk", "security.capability", Buffer.from("0100000200200000000000000000000000000000", "hex"));
  const acl = "0200000001000600ffffffff02000700e803000004000400ffffffff10000700ffffffff20000400ffffffff";
  set("folder", "system.posix_acl_access", Buffer.from(acl, "hex"));
  set("folder", "system.posix_acl_default", Buffer.from(acl, "hex"));
  fs.chownSync(join(source, "chunk"), 7, 8);
  set("chunk", "security.capability", Buffer.from("0100000200200000000000000000000000000000", "hex"));
}

async function expectSame(target: string): Promise<void> {
  expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
  expect(attributesOf(target)).toEqual(attributesOf(source));
  if (hasTool("rsync")) expect(rsyncDifferences(target)).toBe("");
}

/** What rsync would change: links, lists of access control and attributes included. */
function rsyncDifferences(target: string): string {
  const flags = ["-aHAXSn", "--checksum", "--itemize-changes", "--delete"];
  return execFileSync("rsync", [...flags, `${source}/`, `${target}/`], { encoding: "utf8" });
}

describe.runIf(canSet)("extended attributes", () => {
  test("come back, on all that can have them", async () => {
    makeAttributes();
    const client = await open();
    expect(await client.backup([source], { isPrivileged: asRoot })).toMatchObject({ errors: 0, skipped: 0 });
    const target = join(scratch.path, "target");
    expect(await client.restore("all", target)).toMatchObject({ errors: 0, skipped: 0 });
    expect(client.warnings).toEqual([]);
    await expectSame(target);
  });

  test("are restored as far as patterns of their names say", async () => {
    makeAttributes();
    const client = await open();
    await client.backup([source], { isPrivileged: asRoot });
    const namesOf = async (options: { includeAttributes?: string[]; excludeAttributes?: string[] }) => {
      const target = join(scratch.path, `target of ${JSON.stringify(options)}`);
      expect(await client.restore("all", target, options)).toMatchObject({ errors: 0, skipped: 0 });
      const names = attributesOf(target).flatMap((text) => text.match(/^[^#=\n]+(?==)/gm) ?? []);
      return [...new Set(names)].map((name) => name.replace(/\\040/g, " ")).sort();
    };
    const user = ["user.bytes", "user.empty", "user.long", "user.name", "user.of a folder", "user.of the source"];
    expect(await namesOf({ includeAttributes: ["user.*"] })).toEqual(user);
    expect(await namesOf({ includeAttributes: ["user.name", "*.empty"] })).toEqual(["user.empty", "user.name"]);
    expect(await namesOf({ includeAttributes: ["user.*"], excludeAttributes: ["user.of*"] })).toEqual(user.slice(0, 4));
    const others = asRoot
      ? ["security.capability", "system.posix_acl_access", "system.posix_acl_default", "trusted.name"]
      : [];
    expect(await namesOf({ excludeAttributes: ["user.*"] })).toEqual(others);
  });

  test("that change are stored again, and only they: what is unchanged is taken over", async () => {
    makeAttributes();
    const client = await open();
    await client.backup([source], { isPrivileged: asRoot });
    expect(await client.backup([source], { isPrivileged: asRoot })).toMatchObject({ dirsUnmodified: 2, dataChunks: 0 });
    set("inline", "user.name", "another");
    set("folder", "user.of a folder", "another");
    execFileSync("setfattr", ["-x", "user.name", join(source, "chunks")]);
    fs.writeFileSync(join(source, "folder/new"), "");
    expect(await client.backup([source], { isPrivileged: asRoot })).toMatchObject({
      errors: 0,
      filesChanged: 2,
      dataChunks: 0,
    });
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    await expectSame(target);
  });

  test("are gained by folders of a version that did not record them, or of somebody who did not see all", async () => {
    makeAttributes();
    const blind = await open({ accelerators: "off" });
    await blind.backup([source]);
    const { snapshot } = await blind.find("latest");
    expect(snapshot.records).toBe(1);
    const read = () => {
      throw new Error("a file was read");
    };
    const ordinary = await open({ replace: () => ({ read }) });
    expect(await ordinary.backup([source])).toMatchObject({ filesUnmodified: 6, dirsChanged: 2 });
    const root = await open();
    await root.backup([source], { isPrivileged: true });
    expect((await root.find("latest")).snapshot.records! & 7).toBe(7);
    const target = join(scratch.path, "target");
    await root.restore("all", target);
    await expectSame(target);
  });

  /** Calls of which those on attributes are others. */
  const calls =
    (change: (attributes: Attributes) => Partial<Attributes>) =>
    (posix: Posix): Partial<Posix> => {
      const { attributes } = posix;
      const changed = change(attributes!);
      return {
        attributes: {
          areOn: (fd) => attributes!.areOn(fd),
          listAt: (...words) => attributes!.listAt(...words),
          getAt: (...words) => attributes!.getAt(...words),
          setAt: (...words) => attributes!.setAt(...words),
          removeAt: (...words) => attributes!.removeAt(...words),
          ...changed,
        },
      };
    };
  const fail = (code: string) => {
    throw Object.assign(new Error(`${code}: refused, xattr`), { code, errno: -1 });
  };

  test("that cannot be read cost themselves, by name", async () => {
    makeAttributes();
    const client = await open({
      replace: calls((attributes) => ({
        getAt: (directory, name, attribute) =>
          Buffer.from(name).toString() === "inline" ? fail("EIO") : attributes.getAt(directory, name, attribute),
      })),
    });
    expect(await client.backup([source])).toMatchObject({ errors: 1, totalFiles: 6 });
    expect(client.warnings).toEqual([expect.stringMatching(/^error .*\/inline: its extended attributes: .*EIO/)]);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
  });

  test.each([
    ["ENOTSUP", /^skipped .*: extended attributes were not restored, the file system of the target has none \(\d+ of/],
    ["EPERM", /^skipped .*: extended attributes of "user" were not restored, that takes privileges \(\d+ of/],
  ])("that nobody may set are said once (%s)", async (code, said) => {
    makeAttributes();
    const client = await open();
    await client.backup([source]);
    const refused = await open({
      replace: calls((attributes) => ({
        setAt: (directory, name, attribute, value) =>
          Buffer.from(attribute).toString().startsWith("user.")
            ? fail(code)
            : attributes.setAt(directory, name, attribute, value),
      })),
    });
    const target = join(scratch.path, "target");
    expect(await refused.restore("all", target)).toMatchObject({ errors: 0, skipped: 0 });
    expect(refused.warnings).toEqual([expect.stringMatching(said)]);
    expect(describeDifferences(await compareTrees(source, target))).toEqual([]);
  });

  test("one that cannot be set is named with its entry, and costs nothing else", async () => {
    makeAttributes();
    const client = await open({
      replace: calls((attributes) => ({
        setAt: (directory, name, attribute, value) =>
          Buffer.from(attribute).toString() === "user.long"
            ? fail("EIO")
            : attributes.setAt(directory, name, attribute, value),
      })),
    });
    await client.backup([source]);
    const target = join(scratch.path, "target");
    // Both names of the file.
    expect(await client.restore("all", target)).toMatchObject({ errors: 2 });
    for (const warning of client.warnings)
      expect(warning).toMatch(/its extended attribute "user.long" could not be set \(EIO\)/);
    execFileSync("setfattr", ["-x", "user.long", join(source, "chunk")]);
    await expectSame(target);
  });

  test("of a file that its owner may not write to are set all the same", async () => {
    makeAttributes();
    const modes: number[] = [];
    const client = await open({
      replace: (posix) => ({
        ...calls((attributes) => ({
          setAt(directory, name, attribute, value) {
            const mode = fs.lstatSync(Buffer.concat([directory.path, Buffer.from("/"), name])).mode & 0o777;
            if (Buffer.from(name).toString() === "read-only") modes.push(mode);
            if ((mode & 0o200) === 0 && mode !== 0o777) fail("EACCES");
            attributes.setAt(directory, name, attribute, value);
          },
        }))(posix),
      }),
    });
    await client.backup([source]);
    const target = join(scratch.path, "target");
    expect(await client.restore("all", target)).toMatchObject({ errors: 0 });
    expect(modes).toEqual([0o444, 0o644]);
    await expectSame(target);
  });

  test("of somebody else's file bring no set-id bit back", async () => {
    makeAttributes();
    const client = await open({
      replace: (posix) => ({
        ...calls((attributes) => ({
          setAt(directory, name, attribute, value) {
            if (name.length > 0) posix.statAt(directory, name, stat);
            if (name.length > 0 && (stat.mode & 0o200) === 0) fail("EACCES");
            attributes.setAt(directory, name, attribute, value);
          },
        }))(posix),
        // What an ordinary user meets.
        setFileOwner: () => fail("EPERM"),
        setOwnerAt: () => fail("EPERM"),
      }),
    });
    const stat = new Stat();
    // Somebody else's, who is not there to be given it.
    fs.chownSync(join(source, "read-only"), asRoot ? 7 : process.getuid!(), asRoot ? 8 : process.getgid!());
    fs.chmodSync(join(source, "read-only"), 0o4555);
    await client.backup([source]);
    const target = join(scratch.path, "target");
    const done = await client.restore("all", target);
    expect({ errors: done.errors, said: client.warnings }).toEqual({
      errors: 0,
      said: [
        expect.stringContaining("owners were not restored"),
        expect.stringMatching(/set-id bits were not restored, .*\(of one entry\)/),
      ],
    });
    expect(fs.statSync(join(target, "read-only")).mode & 0o7777).toBe(0o555);
  });

  test.runIf(asRoot)("of a fifo that change between two looks at it are the new ones", async () => {
    execFileSync("mkfifo", [join(source, "fifo")]);
    set("fifo", "trusted.name", "old");
    let isDue = false;
    const client = await open({
      replace: (posix) => ({
        // The first look, when the folder is listed.
        statEntry: (...words) => posix.statEntry(...words),
        statAt(directory, name, into) {
          if (isDue && Buffer.from(name).toString() === "fifo") set("fifo", "trusted.name", "new");
          posix.statAt(directory, name, into);
        },
      }),
    });
    await client.backup([source], { isPrivileged: true });
    isDue = true;
    fs.writeFileSync(join(source, "beside it"), "the folder is looked at again");
    await client.backup([source], { isPrivileged: true });
    isDue = false;
    await client.backup([source], { isPrivileged: true });
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    expect(attributesOf(source).join()).toContain(Buffer.from("new").toString("hex"));
    expect(attributesOf(target)).toEqual(attributesOf(source));
  });

  test("of which one cannot be read cost no other", async () => {
    makeAttributes();
    const client = await open({
      replace: calls((attributes) => ({
        getAt: (directory, name, attribute) =>
          Buffer.from(attribute).toString() === "user.bytes"
            ? fail("EACCES")
            : attributes.getAt(directory, name, attribute),
      })),
    });
    expect(await client.backup([source])).toMatchObject({ errors: 1 });
    execFileSync("setfattr", ["-x", "user.bytes", join(source, "inline")]);
    const target = join(scratch.path, "target");
    await client.restore("all", target);
    expect(attributesOf(target)).toEqual(attributesOf(source));
  });
});
