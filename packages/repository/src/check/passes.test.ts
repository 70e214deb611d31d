import { CorruptError } from "@bcat/errors";
import { beforeEach, describe, expect, test } from "vitest";
import type { Repository } from "../repository.js";
import { TestRepository } from "../test-repository.js";
import { findBad, PASSES_MAX } from "./passes.js";

const damaged = new CorruptError("a segment is missing");

describe("findBad()", () => {
  let made: TestRepository;
  let repository: Repository;
  let passes: number;
  beforeEach(async () => {
    made = await TestRepository.create();
    repository = await made.open();
    passes = 0;
  });
  const find = (pass: () => Promise<string>) =>
    findBad(
      repository,
      async () => {
        passes++;
        return await pass();
      },
      (found) => found === "bad",
    );
  const fail = async () => {
    throw damaged;
  };

  test("goes through once more when others have committed meanwhile", async () => {
    const found = await find(async () => {
      if (passes > 1) return "good";
      await made.commit();
      return await fail();
    });
    expect([found, passes]).toEqual(["good", 2]);
  });

  test("believes what it finds when nobody has", async () => {
    await expect(find(fail)).rejects.toBe(damaged);
    expect(await find(async () => "bad")).toBe("bad");
    expect(passes).toBe(2);
  });

  test("calls nothing damaged that others may have removed in each pass", async () => {
    const run = find(async () => {
      await made.commit();
      return await fail();
    });
    await expect(run).rejects.toMatchObject({ code: "refused", cause: damaged });
    expect(passes).toBe(PASSES_MAX);
  });
});
