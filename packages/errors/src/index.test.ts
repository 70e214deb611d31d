import { expect, test } from "vitest";
import { BcatError, CorruptError, describeSystemError, isBcatError, systemErrorCode } from "./index.js";

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

test("systemErrorCode() knows what Node has no name for", () => {
  const unnamed = (errno: number, code = `Unknown system error ${errno}`) =>
    Object.assign(new Error(`${code}: write`), { errno, code, syscall: "write" });
  expect(systemErrorCode(unnamed(-122))).toBe("EDQUOT");
  expect(systemErrorCode(unnamed(-122, "UNKNOWN"))).toBe("EDQUOT");
  expect(describeSystemError(unnamed(-116))).toBe("the network file system has lost it (ESTALE)");
  expect(systemErrorCode(unnamed(-123))).toBe("E123");
  expect(systemErrorCode(unnamed(-122, "ERR_OUT_OF_RANGE"))).toBeUndefined();
});

test("describeSystemError() has words for what a user can meet, and the code behind them", () => {
  const codes =
    "EACCES EPERM EIO EISDIR ENOENT ENOTDIR EEXIST EMFILE ENFILE ENOMEM ENOSPC EDQUOT EROFS ENAMETOOLONG ELOOP";
  for (const code of `${codes} EBUSY ESTALE ETIMEDOUT ENXIO EFBIG EMLINK ENOTSUP EOPNOTSUPP EINVAL EILSEQ ENOSYS ENOTCONN`.split(
    " ",
  )) {
    const said = describeSystemError(Object.assign(new Error(`${code}: open '/x'`), { code }));
    expect(said).toMatch(new RegExp(`^[a-z/ -]+ \\(${code}\\)$`));
  }
});

test("describeSystemError() passes on what it has no words for", () => {
  expect(describeSystemError(Object.assign(new Error("odd"), { code: "EODD" }))).toBe("odd (EODD)");
  expect(describeSystemError(Object.assign(new Error("EODD: odd"), { code: "EODD" }))).toBe("EODD: odd");
  expect(describeSystemError(new Error("odd"))).toBe("odd");
  expect(describeSystemError("odd")).toBe("odd");
});
