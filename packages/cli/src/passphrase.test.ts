import type { SecretSource } from "@bcat/host";
import { describe, expect, test } from "vitest";
import { globalFlags, Options, type Variables } from "./options.js";
import { askPassphrase, chooseSecretSource } from "./passphrase.js";

function choose(variables: Variables, given: Record<string, string> = {}): SecretSource {
  const words = new Map(Object.entries(given).map(([name, value]) => [name, [value]]));
  return chooseSecretSource({ options: new Options(globalFlags, words, variables), variables, ask: undefined });
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

  test.each([
    [{ BCAT_PASSWORD: "secret", BCAT_PASSWORD_FILE: "b" }, {}],
    [{ BCAT_PASSWORD: "secret" }, { "password-command": "c" }],
    [{}, { "password-file": "b", "password-command": "c" }],
    [{ BCAT_PASSWORD: "secret" }, { "key-file": "k" }],
    [{ BCAT_PASSWORD: "" }, {}],
  ])("refuses %j and %j, without telling the passphrase", (variables, given) => {
    const usage = expect.objectContaining({ code: "usage", message: expect.not.stringContaining("secret") });
    expect(() => choose(variables, given)).toThrow(usage);
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
