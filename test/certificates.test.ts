/** Files of certificates, as `--cacert` names them. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wireOptionsOf } from "@bcat/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { certificate } from "./servers/certificate.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bcat-wire-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileWith(text: string): Promise<string> {
  const path = join(folder, "certificates");
  await writeFile(path, text);
  return path;
}

describe("wireOptionsOf()", () => {
  test("reads the certificates of a file, and only those", async () => {
    const path = await fileWith(`about it\n${certificate}\n${certificate}`);
    const { ca } = await wireOptionsOf({ certificates: path }, {});
    expect(ca).toBe(`${certificate.trim()}\n${certificate.trim()}`);
    expect((await wireOptionsOf({}, {})).ca).toBeUndefined();
  });

  test("refuses a file that is not there, holds none, or a damaged one", async () => {
    const reasonOf = async (path: string) => wireOptionsOf({ certificates: path }, {}).catch((error: unknown) => error);
    const refused = (reason: string) =>
      expect.objectContaining({ code: "usage", message: expect.stringContaining(reason) });
    expect(await reasonOf(join(folder, "none"))).toEqual(refused("no such file or directory (ENOENT)"));
    expect(await reasonOf(await fileWith("nothing"))).toEqual(refused("it holds none in PEM form"));
    expect(await reasonOf(await fileWith(certificate.replace(/[A-Z]/, "-")))).toEqual(refused("it holds none"));
    expect(await reasonOf(await fileWith(certificate.replace("MII", "AAA")))).toEqual(refused("one that is damaged"));
  });
});
