import { textOfBytes } from "@bcat/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { recordChoice, recordExcludes, recordedChoice } from "./choice-options.js";
import { nameMatches, parseName } from "./name-pattern.js";

const text = (latin: string) => textOfBytes(Buffer.from(latin, "latin1"));
const dialect = { isGit: false, bangNegates: false, malformed: (found: string) => new Error(found) };

test("recorded patterns are Unicode, and read back they match the same names", () => {
  const part = fc.constantFrom("\\", "x", "f", "a", "\xff", "\x80", "?", "\xc3\xb6");
  const parts = fc.array(part, { maxLength: 6 });
  const name = fc.array(fc.constantFrom("\\", "x", "f", "a", "\xff", "\x80", "\xc3\xb6"), { maxLength: 6 });
  fc.assert(
    fc.property(parts, fc.array(name, { minLength: 20 }), (pattern, names) => {
      const given = text(pattern.join(""));
      const options = { excludes: [given, text("\xfe")], iexcludes: [given], excludeIfPresent: [given] };
      const [excludes, recorded] = [recordExcludes(options), recordChoice(options)];
      expect([...excludes, ...recorded].join("")).not.toMatch(/\p{Cs}/u);
      const read = recordedChoice(excludes, recorded);
      expect(read.excludeIfPresent).toEqual([given]);
      fc.pre(!given.endsWith("\\") || isParsed(given));
      const [before, after, folded] = [given, read.excludes![0] as string, read.iexcludes![0] as string].map((one) =>
        parseName(one, dialect),
      );
      for (const each of [pattern, ...names]) {
        const bytes = Buffer.from(each.join(""), "latin1");
        const expected = nameMatches(before!, bytes, 0, bytes.length);
        expect(nameMatches(after!, bytes, 0, bytes.length)).toBe(expected);
        expect(nameMatches(folded!, bytes, 0, bytes.length)).toBe(expected);
      }
    }),
  );
});

test("where all patterns are UTF-8 they are recorded as they are", () => {
  const options = { excludes: ["a\\xff", "ö"], excludeIfPresent: ["b\\xff"] };
  expect(recordExcludes(options)).toEqual(options.excludes);
  expect(recordChoice(options)).toEqual(["exclude-if-present=b\\xff"]);
  expect(recordedChoice(options.excludes, recordChoice(options))).toMatchObject(options);
});

function isParsed(pattern: string): boolean {
  try {
    parseName(pattern, dialect);
    return true;
  } catch {
    return false;
  }
}
