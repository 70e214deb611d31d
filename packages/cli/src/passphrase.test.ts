import type { SecretSource } from "@bcat/host";
import { beforeEach, describe, expect, test } from "vitest";
import { globalFlags, Options, type Variables } from "./options.js";
import { askPassphrase, chooseSecretSource } from "./passphrase.js";
import type { PassphraseInput } from "./passphrase-input.js";

const said: string[] = [];
beforeEach(() => void said.splice(0));

const nobody: PassphraseInput = { ask: undefined, stdin: { kind: "taken" } };

function choose(
  variables: Variables,
  given: Record<string, string> = {},
  input: PassphraseInput = nobody,
): SecretSource {
  const words = new Map(Object.entries(given).map(([name, value]) => [name, [value]]));
  const output = { complain: (line: string) => void said.push(line) };
  return chooseSecretSource({ options: new Options(globalFlags, words, variables), variables, input, output });
}

describe("chooseSecretSource()", () => {
  test("asks when there is no source", () => {
    expect(choose({})).toMatchObject({ kind: "ask" });
  });

  test("takes the one that is there, a flag before its variable", () => {
    expect(choose({ BCAT_PASSWORD: "x" })).toEqual({ kind: "value", value: "x", where: "in BCAT_PASSWORD" });
    expect(choose({ BCAT_PASSWORD_FILE: "a" }, { "password-file": "b" })).toEqual({ kind: "file", path: "b" });
    expect(choose({ BCAT_PASSWORD_COMMAND: "c" })).toEqual({ kind: "command", command: "c" });
    expect(choose({ BCAT_KEY_FILE: "k" })).toEqual({ kind: "key-file", path: "k" });
  });

  test("takes what is typed before what is set, whatever that is", () => {
    for (const variables of [{ BCAT_PASSWORD: "x" }, { BCAT_PASSWORD: "" }, { BCAT_PASSWORD_FILE: "f" }]) {
      expect(choose(variables, { "password-file": "b" })).toEqual({ kind: "file", path: "b" });
      expect(choose(variables, { "password-command": "c" })).toEqual({ kind: "command", command: "c" });
      expect(choose(variables, { "key-file": "k" })).toEqual({ kind: "key-file", path: "k" });
    }
  });

  test.each([
    [{ BCAT_PASSWORD: "secret", BCAT_PASSWORD_FILE: "b" }, {}],
    [{ BCAT_PASSWORD: "secret", BCAT_KEY_FILE: "k" }, {}],
    [{}, { "password-file": "b", "password-command": "c" }],
    [{ BCAT_PASSWORD: "secret" }, { "key-file": "k", "password-file": "b" }],
    [{ BCAT_PASSWORD: "" }, {}],
  ])("refuses %j and %j, without telling the passphrase", (variables, given) => {
    const usage = expect.objectContaining({ code: "usage", message: expect.not.stringContaining("secret") });
    expect(() => choose(variables, given)).toThrow(usage);
  });
});

describe("standard input", () => {
  const piped = (...lines: string[]): PassphraseInput => ({
    ask: async () => "of a person",
    stdin: { kind: "pipe", nextLine: async () => lines.shift() },
  });
  const ask = async (source: SecretSource) => (source.kind === "ask" ? await source.ask(false) : undefined);

  test("is where a passphrase is read that nothing else names, and a person is asked where it is empty", async () => {
    const source = choose({}, {}, piped("first", "second"));
    expect([await ask(source), await ask(source), await ask(source)]).toEqual(["first", "second", "of a person"]);
    const other: PassphraseInput = { ...piped(), stdin: { kind: "other", nextLine: async () => "a list" } };
    expect(await ask(choose({}, {}, other))).toBe("of a person");
  });

  test("is read for a file called -, whatever it is", async () => {
    const given = { "password-file": "-" };
    expect(await ask(choose({}, given, piped("line")))).toBe("line");
    expect(await ask(choose({}, given, { ask: async () => "typed", stdin: { kind: "terminal" } }))).toBe("typed");
    await expect(ask(choose({}, given, piped()))).rejects.toMatchObject({ code: "wrong-passphrase" });
    expect(() => choose({}, given)).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("a person", () => {
  test("has three tries, and what came through a pipe has one", async () => {
    const source = choose({}, {}, { ask: async () => "x", stdin: { kind: "terminal" } });
    if (source.kind !== "ask") throw new Error("Nobody is asked");
    const again: (boolean | undefined)[] = [];
    for (let i = 0; i < 3; i++) {
      await source.ask(false);
      again.push(source.asksAgain?.());
    }
    expect([again, said]).toEqual([[true, true, false], Array(2).fill("wrong passphrase, try again")]);
    const pipe = choose({}, {}, { ask: undefined, stdin: { kind: "pipe", nextLine: async () => "x" } });
    if (pipe.kind !== "ask") throw new Error("Nobody is asked");
    await pipe.ask(false);
    expect(pipe.asksAgain?.()).toBe(false);
  });
});

describe("askPassphrase()", () => {
  const answering = (...answers: string[]) => {
    return async () => answers.shift() ?? "";
  };

  test("asks once, or twice for a new repository", async () => {
    expect(await askPassphrase(answering("a", "b"), false)).toBe("a");
    expect(await askPassphrase(answering("a", "a"), true)).toBe("a");
    await expect(askPassphrase(answering("a", "b"), true)).rejects.toMatchObject({ code: "usage" });
    await expect(askPassphrase(answering("", ""), true)).rejects.toMatchObject({ code: "usage" });
  });

  test("has no passphrase without a terminal", async () => {
    await expect(askPassphrase(undefined, false)).rejects.toMatchObject({ code: "wrong-passphrase" });
  });
});
