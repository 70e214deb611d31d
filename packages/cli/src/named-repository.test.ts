import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { namedRepository } from "./named-repository.js";
import { globalFlags, Options, type Variables } from "./options.js";

const folder = mkdtempSync(join(tmpdir(), "bcat-named-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(content: string | Uint8Array): string {
  const path = join(folder, "file");
  writeFileSync(path, content);
  return path;
}

function named(given: Readonly<Record<string, string>>, variables: Variables = {}): Promise<string | undefined> {
  const words = new Map(Object.entries(given).map(([name, value]) => [name, [value]]));
  return namedRepository(new Options(globalFlags, words, variables));
}

describe("namedRepository()", () => {
  test("is what is named, or what a file holds", async () => {
    expect(await named({})).toBeUndefined();
    expect(await named({ repository: "/r" })).toBe("/r");
    for (const content of ["s3://b/p", "s3://b/p\n", " s3://b/p\r\n"])
      expect(await named({ "repository-file": file(content) })).toBe("s3://b/p");
  });

  test("is what is typed, whatever is set", async () => {
    const path = file("/of-file");
    expect(await named({ repository: "/r" }, { BCAT_REPOSITORY_FILE: path })).toBe("/r");
    expect(await named({ "repository-file": path }, { BCAT_REPOSITORY: "/r" })).toBe("/of-file");
    expect(await named({}, { BCAT_REPOSITORY_FILE: path })).toBe("/of-file");
  });

  test("refuses two, typed or set", async () => {
    const both = { repository: "/r", "repository-file": "/f" };
    await expect(named(both)).rejects.toThrow(/both --repo and --repository-file/);
    await expect(named({}, { BCAT_REPOSITORY: "/r", BCAT_REPOSITORY_FILE: "/f" })).rejects.toThrow(
      /both BCAT_REPOSITORY and BCAT_REPOSITORY_FILE/,
    );
  });

  test.each([
    ["", /it is empty/],
    ["\n", /it is empty/],
    ["/a\n/b\n", /one line/],
    [Uint8Array.of(0x2f, 0xff), /one line of text/],
    ["x".repeat(100_000), /one line/],
  ])("refuses a file with %j", async (content, says) => {
    await expect(named({ "repository-file": file(content) })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringMatching(says),
    });
  });

  test("refuses a file that cannot be read", async () => {
    await expect(named({ "repository-file": join(folder, "none") })).rejects.toThrow(/no such file/);
  });
});
