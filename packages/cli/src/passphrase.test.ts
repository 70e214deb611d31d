import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { globalFlags, Options, type Variables } from "./options.js";
import { choosePassphraseSource, decodePassphrase, getPassphrase, type PassphraseSource } from "./passphrase.js";

const { signal } = new AbortController();

function choose(variables: Variables, given: Record<string, string> = {}): PassphraseSource {
  const words = new Map(Object.entries(given).map(([name, value]) => [name, [value]]));
  return choosePassphraseSource(new Options(globalFlags, words, variables), variables);
}

function get(source: PassphraseSource, isNew = false, answers?: string[]): Promise<string> {
  const ask = answers && (async () => answers.shift() ?? "");
  return getPassphrase({ source, isNew, ask, signal });
}

describe("choosePassphraseSource()", () => {
  test("asks when there is no source", () => {
    expect(choose({})).toEqual({ kind: "prompt" });
  });

  test("takes the one that is there, a flag before its variable", () => {
    expect(choose({ BCAT_PASSWORD: "x" })).toEqual({ kind: "variable", value: "x" });
    expect(choose({ BCAT_PASSWORD_FILE: "a" }, { "password-file": "b" })).toEqual({ kind: "file", value: "b" });
    expect(choose({ BCAT_PASSWORD_COMMAND: "c" })).toEqual({ kind: "command", value: "c" });
  });

  test.each([
    [{ BCAT_PASSWORD: "secret", BCAT_PASSWORD_FILE: "b" }, {}],
    [{ BCAT_PASSWORD: "secret" }, { "password-command": "c" }],
    [{}, { "password-file": "b", "password-command": "c" }],
    [{ BCAT_PASSWORD: "" }, {}],
  ])("refuses %j and %j, without telling the passphrase", (variables, given) => {
    const usage = expect.objectContaining({ code: "usage", message: expect.not.stringContaining("secret") });
    expect(() => choose(variables, given)).toThrow(usage);
  });
});

describe("decodePassphrase()", () => {
  test.each([
    ["secret", "secret"],
    ["secret\n", "secret"],
    ["secret\r\n", "secret"],
    ["secret\n\n", "secret\n"],
    [" secret ", " secret "],
    ["\ufeffsecret", "secret"],
    ["größe", "größe"],
  ])("reads %j as %j", (text, passphrase) => {
    expect(decodePassphrase(Buffer.from(text), "here")).toBe(passphrase);
  });

  test.each([
    ["a NUL", Buffer.from("a\0b")],
    ["UTF-16", Buffer.from("\ufeffsecret", "utf16le")],
    ["what is not UTF-8", Buffer.from([0x61, 0xff])],
    ["too much", Buffer.alloc(65_537, 0x61)],
  ])("refuses %s", (_what, bytes) => {
    expect(() => decodePassphrase(bytes, "here")).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("getPassphrase()", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "bcat-passphrase-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("reads a file", async () => {
    await writeFile(join(folder, "p"), "secret\n");
    expect(await get({ kind: "file", value: join(folder, "p") })).toBe("secret");
  });

  test("stops reading a file without end", async () => {
    await expect(get({ kind: "file", value: "/dev/zero" })).rejects.toMatchObject({ code: "usage" });
  });

  test("has no passphrase when the file is missing", async () => {
    const missing = get({ kind: "file", value: join(folder, "missing") });
    await expect(missing).rejects.toMatchObject({ code: "wrong-passphrase" });
  });

  test("runs a command", async () => {
    expect(await get({ kind: "command", value: "printf 'se%s\\n' cret" })).toBe("secret");
  });

  test("has no passphrase when the command fails, and does not tell what it printed", async () => {
    const failed = get({ kind: "command", value: "echo secret; exit 3" });
    await expect(failed).rejects.toMatchObject({
      code: "wrong-passphrase",
      message: "Cannot get the passphrase: the password command ended with status 3",
    });
  });

  test("refuses an empty one for a new repository only", async () => {
    expect(await get({ kind: "command", value: "true" })).toBe("");
    await expect(get({ kind: "command", value: "true" }, true)).rejects.toMatchObject({ code: "usage" });
    await expect(get({ kind: "prompt" }, true, ["", ""])).rejects.toMatchObject({ code: "usage" });
  });

  test("asks once, or twice for a new repository", async () => {
    expect(await get({ kind: "prompt" }, false, ["a", "b"])).toBe("a");
    expect(await get({ kind: "prompt" }, true, ["a", "a"])).toBe("a");
    await expect(get({ kind: "prompt" }, true, ["a", "b"])).rejects.toMatchObject({ code: "usage" });
  });

  test("has no passphrase without a terminal", async () => {
    await expect(get({ kind: "prompt" })).rejects.toMatchObject({ code: "wrong-passphrase" });
  });
});

test("getPassphrase() waits for a pipe as long as nothing ends the wait", async () => {
  const folder = await mkdtemp(join(tmpdir(), "bcat-pipe-"));
  try {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const controller = new AbortController();
    const source = { kind: "file", value: pipe } as const;
    const waiting = getPassphrase({ source, isNew: false, ask: undefined, signal: controller.signal });
    controller.abort(new Error("Ctrl-C"));
    await expect(waiting).rejects.toThrow("Ctrl-C");
    const reading = get(source);
    await writeFile(pipe, "from the pipe\n");
    expect(await reading).toBe("from the pipe");
  } finally {
    await rm(folder, { recursive: true });
  }
});
