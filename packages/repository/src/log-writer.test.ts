import { createMemoryStorage } from "@bcat/storage";
import { expect, test } from "vitest";
import { appendToLog, decideOutcomeOf, withLogSession } from "./log-writer.js";
import { initRepository } from "./open.js";
import { Session } from "./session.js";
import { createTestEnvironment } from "./test-environment.js";
import { commitChunk, TestRepository, withoutCache } from "./test-repository.js";

const forget = (...snapshots: number[]) => ({ kind: "forget", snapshots }) as const;

test("two that append at the same time take two numbers, and each sees both", async () => {
  const made = await TestRepository.create();
  await made.commit(2);
  await using first = await made.open(withoutCache);
  await using second = await made.open(withoutCache);
  const numbers = await Promise.all([appendToLog(first, forget(1)), appendToLog(second, forget(2))]);
  expect([...numbers].sort()).toEqual([1, 2]);
  await using third = await made.open(withoutCache);
  await third.refresh();
  expect([1, 2].map((number) => third.history.isForgotten(number))).toEqual([true, true]);
});

test("of two that decide how a session ended, both are told what it was decided to be", async () => {
  const made = await TestRepository.create();
  await using dead = await made.open(withoutCache);
  const session = await Session.begin(dead, { kind: "backup" });
  await using living = await made.open(withoutCache);
  const own = await Session.begin(living, { kind: "prune" });
  const outcome = await decideOutcomeOf(own, session.number, { kind: "void", reason: "dead" });
  expect(outcome).toMatchObject({ kind: "void", reason: "dead" });
  expect(living.history.openSessions).toEqual([own.number]);
  expect(await decideOutcomeOf(own, session.number, { kind: "void", reason: "other" })).toMatchObject({
    reason: "dead",
  });
  await expect(session.decide({ kind: "void", reason: "late" })).rejects.toMatchObject({ code: "refused" });
});

test("in a place for one writer nothing is written to the log while another session is open", async () => {
  const environment = await createTestEnvironment(withoutCache);
  const options = { secret: { keyFile: new Uint8Array(32) }, isForOneWriter: true };
  await using repository = await initRepository(createMemoryStorage(), options, environment);
  await commitChunk(repository);
  const open = await Session.begin(repository, { kind: "backup" });
  open.abandon();
  const append = () => withLogSession(repository, (session) => appendToLog(repository, forget(1), session));
  await expect(append()).rejects.toThrow(/session 2 has not ended/);
  expect(repository.history.logHead).toBe(0);
});

test("and forget holds a session of its own there", async () => {
  const environment = await createTestEnvironment(withoutCache);
  const options = { secret: { keyFile: new Uint8Array(32) }, isForOneWriter: true };
  await using repository = await initRepository(createMemoryStorage(), options, environment);
  await commitChunk(repository);
  await withLogSession(repository, (session) => appendToLog(repository, forget(1), session));
  expect(repository.history.isForgotten(1)).toBe(true);
  expect(await repository.readOutcome(2)).toMatchObject({ kind: "void" });
});
