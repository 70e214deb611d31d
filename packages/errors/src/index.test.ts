import { expect, test } from "vitest";
import { BcatError, CorruptError, isBcatError, systemErrorCode } from "./index.js";

test("isBcatError() tells kinds apart", () => {
  const corrupt = new CorruptError("Cannot read x", { object: "packs/00" });
  expect(isBcatError(corrupt, "corrupt")).toBe(true);
  expect(isBcatError(corrupt, "not-found")).toBe(false);
  expect(isBcatError(new Error("x"))).toBe(false);
  expect(corrupt).toBeInstanceOf(BcatError);
  expect(corrupt.object).toBe("packs/00");
});

test("systemErrorCode() reads errno names only from errors", () => {
  expect(systemErrorCode(Object.assign(new Error("x"), { code: "ENOENT" }))).toBe("ENOENT");
  expect(systemErrorCode({ code: "ENOENT" })).toBeUndefined();
  expect(systemErrorCode(new BcatError("interrupted", "x"))).toBeUndefined();
  expect(systemErrorCode(Object.assign(new Error("x"), { code: "ERR_OUT_OF_RANGE" }))).toBeUndefined();
});
