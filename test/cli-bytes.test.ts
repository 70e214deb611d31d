/** Names that are not UTF-8, on the command line and in files of patterns: they mean their bytes. */
import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Desk, jsonLines, linesOf, noMessage, program, type Run, type RunOptions } from "./cli/desk.js";
import { sliceOf } from "./kit/long-run.js";

type Word = string | Buffer;

const bytes = (text: string) => Buffer.from(text, "latin1");

let desk: Desk;

beforeAll(async () => {
  desk = new Desk();
  desk.write({ "plain/a.txt": "plain" });
  for (const [name, content] of [
    ["gr\xf6\xdfe/f\xff.txt", "first"],
    ["gr\xf6\xdfe/f\xfe.txt", "second"],
    ["gr\xf6\xdfe/sub/b\\s", "backslash"],
  ] as const)
    write(name, content);
  await good(["backup", "--init", bytes("gr\xf6\xdfe"), "plain"]);
});

afterAll(() => desk[Symbol.dispose]());

function write(name: string, content: string): void {
  fs.mkdirSync(at(name.slice(0, name.lastIndexOf("/"))), { recursive: true });
  fs.writeFileSync(at(name), content);
}

/** In the folder of the desk. */
function at(name: string): Buffer {
  return Buffer.concat([Buffer.from(`${desk.folder}/`), bytes(name)]);
}

/** Node has no way to start a program with such words, a shell has. */
function typed(word: Word): string {
  const octal = [...Buffer.from(word)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join("");
  return `"$(printf '${octal}')"`;
}

async function bcat(words: readonly Word[], options?: RunOptions): Promise<Run> {
  return await desk.run(["sh", "-c", `exec ${[program, ...words].map(typed).join(" ")}`], options);
}

async function good(words: readonly Word[], options?: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await bcat(words, options);
  expect({ code, stderr }).toEqual({ code: 0, stderr: noMessage });
  return stdout;
}

/** Paths below a folder of the desk, one character a byte. */
function list(name: string): string[] {
  const below = (folder: Buffer, path: string): string[] =>
    fs.readdirSync(folder, { withFileTypes: true, encoding: "buffer" }).flatMap((entry) => {
      const inner = Buffer.concat([folder, Buffer.from("/"), entry.name]);
      const shown = `${path}${entry.name.toString("latin1")}`;
      return entry.isDirectory() ? below(inner, `${shown}/`) : [shown];
    });
  return below(at(name), "").sort();
}

let targets = 0;
async function restored(words: readonly Word[], options?: RunOptions): Promise<string[]> {
  const target = `out ${targets++}`;
  await good(["restore", ...words, "-q", "--target", desk.path(target)], options);
  return list(target);
}

describe("on the command line", () => {
  test("a source is what its bytes say", async () => {
    const [snapshot] = (await desk.json(["snapshots"])) as { paths_b64: string[] }[];
    expect(snapshot!.paths_b64.map((path) => Buffer.from(path, "base64"))).toEqual([at("gr\xf6\xdfe"), at("plain")]);
  });

  test("ls, dump, restore and explain find an entry by its bytes, absolute and relative", async () => {
    expect(linesOf(await good(["ls", "1", at("gr\xf6\xdfe/sub")]))).toHaveLength(2);
    expect(await good(["dump", "1", bytes("gr\xf6\xdfe/f\xff.txt")])).toBe("first");
    expect(await good(["dump", Buffer.concat([Buffer.from("1:"), at("gr\xf6\xdfe")]), bytes("f\xfe.txt")])).toBe(
      "second",
    );
    expect(await restored(["1", bytes("gr\xf6\xdfe/f\xff.txt")])).toEqual(["f\xff.txt"]);
    const line = `"${desk.folder}/gr\\xf6\\xdfe/f\\xff.txt" is backed up: it lies in a source, and nothing leaves it out`;
    expect(linesOf(await good(["explain", bytes("gr\xf6\xdfe/f\xff.txt")]))).toContain(line);
  });

  test("a target, a file to dump into and a file to import are what their bytes say", async () => {
    await good(["restore", "1", "plain", bytes("t\xe4rget")]);
    expect(list("t\xe4rget")).toEqual(["plain/a.txt"]);
    expect(await good(["dump", "1", "plain", "--target", bytes("d\xfcmp.tar")])).toContain("d\\xfcmp.tar");
    expect(fs.existsSync(at("d\xfcmp.tar"))).toBe(true);
    expect(await good(["import-tar", bytes("d\xfcmp.tar"), "--tag", "import"])).toContain("/d\\xfcmp,");
    expect(linesOf(await good(["ls", "latest", "--tag", "import", bytes("/d\xfcmp")]))[0]).toBe("/d\\xfcmp");
  });

  test.each(
    sliceOf(
      [
        [["-i", bytes("f\xff*")], ["f\xff.txt"]],
        [["-i", bytes("f[\xf0-\xfe].txt")], ["f\xfe.txt"]],
        [
          ["-e", bytes("f\xff.txt"), "-e", "plain"],
          ["f\xfe.txt", "sub/b\\s"],
        ],
        [["--iinclude", bytes("F\xff.TXT")], ["f\xff.txt"]],
        [["--include-file", bytes("p\xe4tterns")], ["f\xff.txt"]],
      ] as [Word[], string[]][],
      2,
    ),
  )("%j means bytes", async (flags, names) => {
    fs.writeFileSync(at("p\xe4tterns"), bytes("f\xff.txt\n"));
    const inside = names.map((name) => `gr\xf6\xdfe/${name}`);
    expect(await restored(["1", "all", ...flags])).toEqual(inside.map((name) => at(name).toString("latin1").slice(1)));
  });

  test("--exclude, --exclude-file and ignore files leave out bytes, and what was said is recorded", async () => {
    const source = bytes("excl\xfcde");
    for (const name of ["a\xff", "b\xff", "c\xff", "d", "e\\xff"]) write(`excl\xfcde/${name}`, name);
    fs.writeFileSync(at("excl\xfcde/.bcatignore"), bytes("b\xff\n"));
    fs.writeFileSync(at("excludes"), bytes("c\xff\n"));
    await good(["backup", "-q", source, "-e", bytes("a\xff"), "--exclude-file", "excludes", "--iexclude", "d\\x"]);
    const names = linesOf(await good(["ls", "latest", source])).map((line) => line.slice(line.lastIndexOf("/") + 1));
    expect(names).toEqual(["excl\\xfcde", ".bcatignore", "d", "e\\\\xff"]);
    const explained = async (name: string) => {
      const [line] = jsonLines(await good(["explain", "--json", bytes(`excl\xfcde/${name}`)]));
      return [line!.included, line!.pattern_b64 ?? line!.pattern];
    };
    expect(await explained("a\xff")).toEqual([false, bytes("a\xff").toString("base64")]);
    expect(await explained("c\xff")).toEqual([false, bytes("c\xff").toString("base64")]);
    expect(await explained("e\\xff")).toEqual([true, undefined]);
    expect(linesOf(await good(["explain", bytes("excl\xfcde/a\xff")]))[0]).toContain('pattern "a\\xff" (');
  });

  test("so do the variables that stand for flags", async () => {
    const within = (line: string) => desk.run(["sh", "-c", line]);
    const path = bytes("gr\xf6\xdfe/f\xff.txt");
    const asked = `"${program}" explain --json ${typed(path)} ${typed(bytes("gr\xf6\xdfe"))}`;
    const { stdout } = await within(`BCAT_EXCLUDE=${typed(bytes("f\xff.txt"))} ${asked}`);
    expect(jsonLines(stdout)[0]).toMatchObject({ included: false, pattern_b64: bytes("f\xff.txt").toString("base64") });
    const refused = await within(`BCAT_REPOSITORY=${typed(bytes("r\xff"))} "${program}" init`);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('BCAT_REPOSITORY: "r\\xff" is not UTF-8'),
    });
    expect(fs.readdirSync(desk.folder).filter((name) => name.startsWith("r"))).toEqual(["repository"]);
  });

  test("--path says whose latest is meant", async () => {
    expect(await restored(["latest", "--path", bytes("gr\xf6\xdfe"), bytes("f\xff.txt")])).toEqual(["f\xff.txt"]);
  });

  test("a path is relative to a current folder of any bytes", async () => {
    const within = (line: string) => desk.run(["sh", "-c", `cd ${typed(bytes("gr\xf6\xdfe"))} && ${line}`]);
    const backup = await within(`${program} backup -q . && ${program} ls latest .`);
    expect(backup.stderr).toEqual(noMessage);
    expect(linesOf(backup.stdout)).toContain(`${desk.folder}/gr\\xf6\\xdfe/f\\xff.txt`);
    expect((await within(`${program} dump 1 ${typed(bytes("f\xff.txt"))}`)).stdout).toBe("first");
    const inside = await within(`BCAT_REPOSITORY=./new ${program} init`);
    expect(inside).toMatchObject({ code: 2, stderr: expect.stringContaining("gr\\xf6\\xdfe") });
  });
});

describe("what bcat shows", () => {
  test("may be typed for an entry of a snapshot", async () => {
    const shown = linesOf(await good(["ls", "1", "--recursive", at("gr\xf6\xdfe")]));
    expect(shown).toEqual(
      ["", "/f\\xfe.txt", "/f\\xff.txt", "/sub", "/sub/b\\\\s"].map((end) => `${desk.folder}/gr\\xf6\\xdfe${end}`),
    );
    expect(await good(["dump", "1", shown[2]!])).toBe("first");
    expect(await good(["dump", "1", "gr\\xf6\\xdfe/sub/b\\\\s"])).toBe("backslash");
    expect(await good(["dump", "1:gr\\xf6\\xdfe", "f\\xfe.txt"])).toBe("second");
    expect(await restored(["1", "gr\\xf6\\xdfe/f\\xff.txt"])).toEqual(["f\xff.txt"]);
    expect(linesOf(await good(["explain", "gr\\xf6\\xdfe/f\\xff.txt"]))[0]).toContain("is backed up");
    expect(await good(["dump", "1", "gr\\xf6\\xdfe/sub/b\\s"])).toBe("backslash");
  });

  test("and is also the name of another entry is refused, and both can be named otherwise", async () => {
    write("both/n\xff", "byte");
    write("both/n\\xff", "letters");
    await good(["backup", "-q", "--tag", "both", "both"]);
    const run = await bcat(["dump", "latest", "n\\xff", "--tag", "both"]);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain(`"${desk.folder}/both/n\\\\xff" or "${desk.folder}/both/n\\xff"`);
    expect(await good(["dump", "latest", "n\\\\xff", "--tag", "both"])).toBe("letters");
    expect(await good(["dump", "latest", bytes("n\xff"), "--tag", "both"])).toBe("byte");
  });

  test("below a folder whose name is as it is", async () => {
    write("back/w\\x/f\xff", "deep");
    await good(["backup", "-q", "--tag", "back", "back"]);
    for (const folder of ["back/w\\x", "back/w\\\\x"])
      for (const name of [bytes("f\xff"), "f\\xff"])
        expect(await good(["dump", `latest:${folder}`, name, "--tag", "back"])).toBe("deep");
    expect(await restored(["latest:back/w\\\\x", "f\\xff", "--tag", "back"])).toEqual(["f\xff"]);
  });

  test("is what messages say, and did you mean", async () => {
    for (const command of [
      ["ls", "1"],
      ["dump", "1"],
      ["restore", "-t", "nowhere", "1"],
    ]) {
      const run = await bcat([...command, at("gr\xf6\xdfe/f\xfd.txt")]);
      expect(run.code).toBe(1);
      expect(run.stderr).not.toContain("\ufffd");
      expect(run.stderr).toContain("gr\\xf6\\xdfe/f\\xfd.txt");
      expect(run.stderr).toContain(`did you mean "${desk.folder}/gr\\xf6\\xdfe/f\\xfe.txt"`);
    }
    const gone = await bcat(["backup", "--json", bytes("g\xf6ne")]);
    expect(gone.stdout + gone.stderr).toContain("g\\\\xf6ne");
    expect(gone.stdout + gone.stderr).not.toMatch(/\ufffd[^"]*"}$|\\udc/);
  });
});

describe("where text is wanted", () => {
  test.each([
    [["init", "--repository", bytes("r\xff")]],
    [["snapshots", "--cache-dir", bytes("r\xff")]],
    [["backup", "plain", "--tag", bytes("t\xff")]],
    [["backup", "plain", "--host", bytes("h\xff")]],
    [["ls", bytes("l\xff")]],
    [["undo", bytes("1\xff")]],
    [[bytes("b\xff")]],
    [["backup", "--stdin-from-command", "--", "echo", bytes("b\xff")]],
  ] as [Word[]][])("%j is refused, and nothing is made", async (words) => {
    const before = fs.readdirSync(desk.folder);
    const run = await bcat(words);
    expect(run).toMatchObject({ code: 2, stdout: "" });
    expect(run.stderr).toContain("\\xff");
    expect(run.stderr).not.toContain("\ufffd");
    expect(fs.readdirSync(desk.folder)).toEqual(before);
  });

  test("U+FFFD in a name is that character", async () => {
    desk.write({ "\ufffd/a\ufffd": "replacement" });
    await good(["backup", "-q", "--tag", "fffd", "\ufffd"]);
    expect(await good(["dump", "latest", "--tag", "fffd", "a\ufffd"])).toBe("replacement");
  });
});
