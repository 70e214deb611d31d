import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSite, openSite, ownFolders, prepareSite, type SiteOptions } from "./site.js";

const { signal } = new AbortController();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bcat-site-"));
});
afterAll(() => rm(folder, { recursive: true }));

function options(changes: Partial<SiteOptions> = {}): SiteOptions {
  return {
    repository: join(folder, "repository"),
    secret: { kind: "value", value: "passphrase", where: "of the test" },
    variables: { HOME: folder },
    program: "test 1",
    signal,
    onNotice: (line) => expect.fail(line),
    ...changes,
  };
}

test("a program creates a repository and opens it again, with no command line", async () => {
  const site = await prepareSite(options());
  await expect(openSite(site, { signal })).rejects.toMatchObject({ code: "no-repository" });
  const created = await createSite(site, { signal });
  await created[Symbol.asyncDispose]();
  await expect(createSite(site, { signal })).rejects.toMatchObject({ code: "exists" });
  await using opened = await openSite(await prepareSite(options()), { signal });
  expect(opened.id).toEqual(created.id);
  expect(site.environment.sizes?.packSize).toBe(32 * 2 ** 20);
  expect(ownFolders(site).map(String)).toEqual(
    [join(folder, "repository"), join(folder, ".cache/bcat")].map((path) => String(Buffer.from(path))),
  );
});

test("prepareSite() goes on without a cache where there is no place for one, and says so", async () => {
  const notices: string[] = [];
  const site = await prepareSite(options({ variables: {}, onNotice: (line) => notices.push(line) }));
  expect([site.environment.cacheDirectory, notices.length]).toEqual([undefined, 1]);
});

test("prepareSite() refuses what the user got wrong before it touches anything", async () => {
  const wrong = options({
    variables: { HOME: folder, BCAT_ACCELERATORS: "x" },
    cache: { directory: join(folder, "c") },
  });
  await expect(prepareSite(wrong)).rejects.toMatchObject({ code: "usage" });
  await expect(prepareSite(options({ repository: "s3://x" }))).rejects.toMatchObject({ code: "usage" });
});
