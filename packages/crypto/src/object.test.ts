import { readFileSync } from "node:fs";
import { BcatError, CorruptError } from "@bcat/errors";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadBlake3 } from "./blake3.js";
import { sealGcm, ZERO_NONCE } from "./gcm.js";
import { encodeHeader, ObjectType } from "./header.js";
import { RepositoryKeys } from "./keys.js";
import { type BodyType, objectKey, openObject, readRepositoryId, type Sealer, sealObject } from "./object.js";

interface Golden {
  readonly rootKey: string;
  readonly repositoryId: string;
  readonly objects: readonly {
    readonly type: BodyType;
    readonly name: string;
    readonly epoch: number;
    readonly domain: number;
    readonly body: string;
    readonly sealed: string;
  }[];
}

const golden = JSON.parse(readFileSync(new URL("golden/objects.json", import.meta.url), "utf8")) as Golden;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const keys = new RepositoryKeys(fromHex(golden.rootKey), fromHex(golden.repositoryId));
const SESSION = { type: ObjectType.SESSION, name: "sessions/0000000001", epoch: 3, domain: 4 };
const CONFIG = { type: ObjectType.CONFIG, name: "config", epoch: 0, domain: 0 };

/** Gives 0, 1, 2, … */
function countingSealer(mode: "off" | "auto" = "auto"): Sealer {
  let next = 0;
  const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => next++);
  return { keys, blake3: loadBlake3(mode), random };
}

function seal(body: Uint8Array, object: typeof SESSION | typeof CONFIG = SESSION): Uint8Array {
  return sealObject(countingSealer(), object, body);
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe.each(["off", "auto"] as const)("golden objects, accelerators %s", (mode) => {
  const sealer = countingSealer(mode);
  test.each(golden.objects)("$name", ({ body, sealed, ...object }) => {
    expect(hex(sealObject(sealer, object, fromHex(body)))).toBe(sealed);
    const { epoch, domain } = object;
    expect(openObject(keys, object, fromHex(sealed))).toEqual({ epoch, domain, body: fromHex(body) });
  });
});

test("openObject(sealObject(body)) = body, under any numbers and name", () => {
  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const type = fc.constantFrom<BodyType>(1, 2, 3, 4, 5);
  const object = fc.record({ type, name: fc.string({ maxLength: 60, unit: "grapheme" }), epoch: u32, domain: u32 });
  fc.assert(
    fc.property(object, fc.uint8Array({ maxLength: 3000 }), (sealed, body) => {
      const opened = openObject(keys, sealed, sealObject(countingSealer(), sealed, body));
      expect(opened).toEqual({ epoch: sealed.epoch, domain: sealed.domain, body });
    }),
  );
});

test("every flipped bit is refused", () => {
  const bytes = seal(fromHex("c0ffee"));
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const flipped = bytes.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    expect(thrownBy(() => openObject(keys, SESSION, flipped))).toBeInstanceOf(BcatError);
  }
});

test("every truncation is refused, and so is a byte more", () => {
  const bytes = seal(new Uint8Array(300));
  for (let length = 0; length < bytes.length; length++) {
    expect(thrownBy(() => openObject(keys, SESSION, bytes.subarray(0, length)))).toBeInstanceOf(CorruptError);
  }
  expect(thrownBy(() => openObject(keys, SESSION, Buffer.concat([bytes, new Uint8Array(1)])))).toBeInstanceOf(
    CorruptError,
  );
});

test("an object of another name, type or repository is refused, by name", () => {
  const bytes = seal(fromHex("c0ffee"));
  const elsewhere = new RepositoryKeys(fromHex(golden.rootKey), new Uint8Array(16));
  const others = [
    () => openObject(keys, { ...SESSION, name: "sessions/0000000002" }, bytes),
    () => openObject(keys, { ...SESSION, type: ObjectType.LOG }, bytes.with(5, ObjectType.LOG)),
    () => openObject(keys, { ...SESSION, type: ObjectType.LOG }, bytes),
    () => openObject(elsewhere, SESSION, bytes),
  ];
  for (const open of others) expect(thrownBy(open)).toBeInstanceOf(CorruptError);
  const error = thrownBy(() => openObject(keys, { ...SESSION, name: "sessions/0000000002" }, bytes));
  expect(error).toHaveProperty("object", "sessions/0000000002");
  expect(error).toHaveProperty("message", expect.stringContaining('Cannot open "sessions/0000000002": '));
});

test.each([4, 6, 7])(
  "a newer byte %d is told from a damaged one: what opens as an object of this format is one",
  (offset) => {
    const bytes = seal(fromHex("c0ffee"));
    const damaged = thrownBy(() => openObject(keys, SESSION, bytes.with(offset, 3)));
    expect(damaged).toBeInstanceOf(CorruptError);
    expect(damaged).toHaveProperty("message", expect.stringContaining("its header is damaged"));
    const newer = bytes.with(offset, 3).with(100, bytes[100]! ^ 1);
    expect(thrownBy(() => openObject(keys, SESSION, newer))).toHaveProperty("code", "newer-format");
    expect(thrownBy(() => openObject(keys, SESSION, newer.subarray(0, 100)))).toHaveProperty("code", "newer-format");
  },
);

/** Seals a padded body as it is, as no writer would. */
function sealPadded(padded: Uint8Array): Uint8Array {
  const header = encodeHeader(SESSION, new Uint8Array(32).fill(8));
  const aad = Buffer.concat([header, Buffer.from(SESSION.name)]);
  const key = objectKey(keys, SESSION, header.subarray(16), SESSION.name);
  return Uint8Array.from(Buffer.concat([header, sealGcm(key, ZERO_NONCE, aad, padded)]));
}

test("a body with the wrong amount of padding, or padding that is not zero, is refused", () => {
  const open = (padded: Uint8Array) => () => openObject(keys, SESSION, sealPadded(padded));
  expect(open(new Uint8Array(208))().body.length).toBe(0);
  expect(open(new Uint8Array(224).with(0, 220))().body.length).toBe(220);
  expect(open(new Uint8Array(224).with(0, 204))).toThrow("padded to 224 bytes, allowed is 208");
  expect(open(new Uint8Array(240).with(0, 220))).toThrow("padded to 240 bytes, allowed is 224");
  expect(open(new Uint8Array(208).with(207, 1))).toThrow("padding is not zero");
  expect(open(new Uint8Array(208).with(0, 205))).toThrow("body length 205 is above");
  expect(open(new Uint8Array(192))).toThrow("below the minimum 272");
});

test("sizes above the limit of the type are refused on both sides, before work", () => {
  const largest = 61_440 - 4;
  expect(openObject(keys, SESSION, seal(new Uint8Array(largest))).body.length).toBe(largest);
  expect(() => seal(new Uint8Array(64 * 1024))).toThrow(RangeError);
  const tooLarge = Buffer.concat([seal(fromHex("c0ffee")), new Uint8Array(64 * 1024)]);
  expect(() => openObject(keys, SESSION, tooLarge)).toThrow("above the limit 65536");
  const outcome = { type: ObjectType.OUTCOME, name: "outcomes/0000000001", epoch: 0, domain: 0 };
  expect(sealObject(countingSealer(), outcome, new Uint8Array(100_000)).length).toBeGreaterThan(100_000);
  expect(() => sealObject(countingSealer(), outcome, new Uint8Array(16 * 1024 * 1024))).toThrow(RangeError);
});

test("the salt differs when only the body does, and when only the random bytes do", () => {
  const salts = [seal(fromHex("01")), seal(fromHex("02"))].map((bytes) => hex(bytes.subarray(16, 48)));
  const sealer = countingSealer();
  for (let count = 0; count < 2; count++) salts.push(hex(sealObject(sealer, SESSION, fromHex("03")).subarray(16, 48)));
  expect(new Set(salts).size).toBe(4);
});

test("readRepositoryId() reads the id of a config, and of nothing else", () => {
  const config = seal(fromHex("c0ffee"), CONFIG);
  expect(hex(readRepositoryId(config))).toBe(golden.repositoryId);
  expect(() => readRepositoryId(seal(fromHex("c0ffee")))).toThrow(CorruptError);
  expect(() => readRepositoryId(config.subarray(0, 271))).toThrow(CorruptError);
  expect(() => readRepositoryId(new Uint8Array(0))).toThrow(CorruptError);
  expect(thrownBy(() => readRepositoryId(config.with(6, 9)))).toHaveProperty("code", "newer-format");
  expect(() => openObject(keys, CONFIG, config.with(31, 1))).toThrow(CorruptError);
});

test("objectKey() has none for packs", () => {
  const header = { type: ObjectType.PACK, epoch: 0, domain: 0 };
  expect(() => objectKey(keys, header, new Uint8Array(32), "packs/ab/x")).toThrow(RangeError);
});
