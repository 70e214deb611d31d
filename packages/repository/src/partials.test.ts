import { expect, test } from "vitest";
import { partialName, readNewestPartial } from "./partials.js";
import { partsOf } from "./repository.js";
import { emptySnapshot, TestRepository, withoutCache } from "./test-repository.js";
import { WriteSession } from "./write-session.js";

/** A session with `count` checkpoints, each a millisecond later than the one before. */
async function withCheckpoints(count: number) {
  const made = await TestRepository.create();
  const repository = await made.open(withoutCache);
  const session = await WriteSession.begin(repository, { level: 0, dryRun: false });
  for (let end = 1; end <= count; end++) await session.checkpoint({ ...emptySnapshot, end });
  const newest = async () => (await readNewestPartial(partsOf(repository), 1))?.snapshot;
  return { made, repository, session, newest };
}

const nameOf = (checkpoint: number) => partialName({ session: 1, checkpoint });

test.each([0, 1, 2, 3, 7, 8, 20])("the newest of %i checkpoints is found", async (count) => {
  const { newest, made } = await withCheckpoints(count);
  if (count > 0) expect(made.storage.objects.has(nameOf(count))).toBe(true);
  const expected = count === 0 ? undefined : expect.objectContaining({ complete: false, end: count });
  expect(await newest()).toEqual(expected);
});

test("a checkpoint that is damaged is passed over for the one before", async () => {
  const { made, repository } = await withCheckpoints(5);
  const { storage, context } = partsOf(repository);
  const damaged = { ...storage, get: (name: string) => made.storage.get(name === nameOf(5) ? nameOf(4) : name) };
  expect((await readNewestPartial({ storage: damaged, context }, 1))?.snapshot).toMatchObject({ end: 4 });
});

test("a session that ends with its newest checkpoint is a partial snapshot", async () => {
  const { repository, session } = await withCheckpoints(3);
  await session.keep();
  expect(await repository.readOutcome(1)).toMatchObject({ kind: "snapshot", snapshot: { complete: false, end: 3 } });
  expect(repository.history.openSessions).toEqual([]);
});

test("a checkpoint tells a session that was taken for dead", async () => {
  const { made, session } = await withCheckpoints(1);
  await using other = await made.open(withoutCache);
  const own = await WriteSession.begin(other, { level: 0, dryRun: false });
  await partsOf(other).storage.putIfAbsent("outcomes/0000000001", new Uint8Array(300));
  await own.abandon();
  await expect(session.checkpoint(emptySnapshot)).rejects.toMatchObject({ code: "refused" });
});
