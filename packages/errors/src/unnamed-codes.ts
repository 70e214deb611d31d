/**
 * Errors of file systems that libuv has no name for: Node gives them the code `Unknown system error -122` or, from some
 * calls, `UNKNOWN`, and the number as `errno`.
 */

/** Numbers of Linux, and of macOS (70 and less): those of one are on the other of nothing that concerns files. */
const names: ReadonlyMap<number, string> = new Map([
  [69, "EDQUOT"],
  [70, "ESTALE"],
  [116, "ESTALE"],
  [117, "EUCLEAN"],
  [122, "EDQUOT"],
  [126, "ENOKEY"],
]);

/** The name of such an error, or its number as one (`E123`); undefined of others. */
export function codeOfUnnamed(error: { readonly code: unknown; readonly errno?: unknown }): string | undefined {
  const { code, errno } = error;
  const isUnnamed = code === "UNKNOWN" || (typeof code === "string" && code.startsWith("Unknown system error"));
  return isUnnamed && typeof errno === "number" ? (names.get(-errno) ?? `E${-errno}`) : undefined;
}
