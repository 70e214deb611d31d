import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getSecret, type SecretSource } from "./secret.js";

const { signal } = new AbortController();

function get(source: SecretSource, isNew = false) {
  return getSecret(source, { isNew, signal });
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bcat-secret-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("getSecret()", () => {
  test("reads a file", async () => {
    await writeFile(join(folder, "p"), "secret\n");
    expect(await get({ kind: "file", path: join(folder, "p") })).toEqual({ passphrase: "secret" });
  });

  test("takes the bytes of a key file as they are", async () => {
    await writeFile(join(folder, "key"), Buffer.alloc(32, 0xff));
    const { keyFile } = (await get({ kind: "key-file", path: join(folder, "key") })) as { keyFile: Uint8Array };
    expect(Buffer.compare(keyFile, Buffer.alloc(32, 0xff))).toBe(0);
  });

  test("stops reading a file without end", async () => {
    await expect(get({ kind: "file", path: "/dev/zero" })).rejects.toMatchObject({ code: "usage" });
  });

  test.each(["file", "key-file"] as const)("has no secret when the %s is missing", async (kind) => {
    const missing = get({ kind, path: join(folder, "missing") });
    await expect(missing).rejects.toMatchObject({ code: "wrong-passphrase" });
  });

  test("says in words that a file is a folder", async () => {
    const message = expect.stringMatching(/: it is a folder \(EISDIR\)$/);
    await expect(get({ kind: "key-file", path: folder })).rejects.toMatchObject({ message });
  });

  test("runs a command", async () => {
    expect(await get({ kind: "command", command: "printf 'se%s\\n' cret" })).toEqual({ passphrase: "secret" });
  });

  test("refuses a command that prints without end", async () => {
    const endless = get({ kind: "command", command: "head -c 1000000 /dev/zero" });
    await expect(endless).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("longer than") });
  });

  test("has no passphrase when the command fails, and does not tell what it printed", async () => {
    const failed = get({ kind: "command", command: "echo secret; exit 3" });
    await expect(failed).rejects.toMatchObject({
      code: "wrong-passphrase",
      message: "Cannot get the passphrase: the password command ended with status 3",
    });
  });

  test("refuses an empty passphrase", async () => {
    const command = { kind: "command", command: "true" } as const;
    const message = expect.stringContaining("the passphrase from the password command is empty");
    await expect(get(command)).rejects.toMatchObject({ code: "wrong-passphrase", message });
    await expect(get({ kind: "ask", ask: async () => "" })).rejects.toMatchObject({ code: "wrong-passphrase" });
    await expect(get(command, true)).rejects.toMatchObject({ code: "usage", message });
    await expect(get({ kind: "ask", ask: async () => "" }, true)).rejects.toMatchObject({ code: "usage" });
  });

  test("lets a person be asked, and says whether the repository is new", async () => {
    const ask = async (isNew: boolean) => (isNew ? "new" : "old");
    expect(await get({ kind: "ask", ask })).toEqual({ passphrase: "old" });
    expect(await get({ kind: "ask", ask }, true)).toEqual({ passphrase: "new" });
  });
});

test("getSecret() waits for a pipe as long as nothing ends the wait", async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const controller = new AbortController();
  const source = { kind: "file", path: pipe } as const;
  const waiting = getSecret(source, { isNew: false, signal: controller.signal });
  controller.abort(new Error("Ctrl-C"));
  await expect(waiting).rejects.toThrow("Ctrl-C");
  const reading = get(source);
  await writeFile(pipe, "from the pipe\n");
  expect(await reading).toEqual({ passphrase: "from the pipe" });
});
