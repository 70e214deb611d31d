import { readFileSync } from "node:fs";
import { BcatError, CorruptError } from "@bcat/errors";
import { expect, test } from "vitest";
import { createKeySlot, DEFAULT_SCRYPT_COST, deriveScrypt, openKeySlot, type Secret } from "./key-slot.js";

interface Golden {
  readonly rootKey: string;
  readonly repositoryId: string;
  readonly slots: readonly { readonly passphrase?: string; readonly keyFile?: string; readonly slot: string }[];
}

const golden = JSON.parse(readFileSync(new URL("golden/key-slots.json", import.meta.url), "utf8")) as Golden;
const hex = (bytes: Uint8Array | string): string => Buffer.from(bytes as Uint8Array).toString("hex");
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));

const ROOT_KEY = fromHex(golden.rootKey);
const REPOSITORY_ID = fromHex(golden.repositoryId);
const KEY_FILE: Secret = { keyFile: new Uint8Array(32).fill(0x6b) };
const ascending = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index);
const create = (secret: Secret): Promise<Uint8Array> =>
  createKeySlot({ rootKey: ROOT_KEY, repositoryId: REPOSITORY_ID, secret, random: ascending });
const open = (slot: Uint8Array, secret: Secret = KEY_FILE): ReturnType<typeof openKeySlot> =>
  openKeySlot(slot, "keys/1", REPOSITORY_ID, secret);

const fileSlot = await create(KEY_FILE);
const passphraseSlot = await create({ passphrase: "correct horse" });

test.each(golden.slots)("golden slot %#", async ({ passphrase, keyFile, slot }) => {
  const secret: Secret = passphrase === undefined ? { keyFile: fromHex(keyFile ?? "") } : { passphrase };
  expect(hex(await create(secret))).toBe(slot);
  expect(hex(await open(fromHex(slot), secret))).toBe(golden.rootKey);
});

test("deriveScrypt() gives the third vector of RFC 7914", async () => {
  const okm = await deriveScrypt("pleaseletmein", Buffer.from("SodiumChloride"), { log2N: 14, parallelism: 1 });
  expect(hex(okm)).toBe(
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2" +
      "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
  );
});

test("a wrong secret gives nothing, neither another passphrase nor another key file nor the other kind", async () => {
  const passphrases = ["Correct horse", "correct horse ", ""];
  for (const passphrase of passphrases) expect(await open(passphraseSlot, { passphrase })).toBe("refused");
  expect(await open(passphraseSlot, KEY_FILE)).toBe("other-kind");
  expect(await open(fileSlot, { keyFile: new Uint8Array(33).fill(0x6b) })).toBe("refused");
  expect(await open(fileSlot, { passphrase: "correct horse" })).toBe("other-kind");
});

test("a passphrase is the bytes of its text: other normal forms are other passphrases", async () => {
  const slot = await create({ passphrase: "caf\u00e9" });
  expect(hex(await open(slot, { passphrase: "caf\u00e9" }))).toBe(golden.rootKey);
  expect(await open(slot, { passphrase: "cafe\u0301" })).toBe("refused");
});

test("a higher cost is written into the slot and obeyed", async () => {
  const secret = { passphrase: "x" };
  const cost = { log2N: 16, parallelism: 2 };
  const options = { rootKey: ROOT_KEY, repositoryId: REPOSITORY_ID, secret, random: ascending, cost };
  const slot = await createKeySlot(options);
  expect([...slot.subarray(4, 16)]).toEqual([1, 1, 16, 8, 2, 0, 0, 0, 1, 0, 0, 0]);
  expect(hex(await open(slot, secret))).toBe(golden.rootKey);
  expect(await open(slot.with(8, 1), secret)).toBe("refused");
});

test("no flipped bit gives a key: damage is told, but for salt and commitment, where it looks like a wrong secret", async () => {
  for (let bit = 0; bit < 8 * fileSlot.length; bit++) {
    const flipped = fileSlot.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    const outcome = await open(flipped).catch((error: unknown) => error);
    if (bit >= 8 * 32 && bit < 8 * 96) expect(outcome).toBe("refused");
    else expect(outcome).toBeInstanceOf(BcatError);
  }
});

test("every truncation is refused, and so is a byte more", async () => {
  for (let length = 0; length < fileSlot.length; length++) {
    await expect(open(fileSlot.subarray(0, length))).rejects.toBeInstanceOf(CorruptError);
  }
  await expect(open(Buffer.concat([fileSlot, new Uint8Array(1)]))).rejects.toBeInstanceOf(CorruptError);
});

test.each([
  [4, 2, "slot version 2"],
  [5, 3, "derivation 3"],
  [12, 2, "role 2"],
])("byte %d of value %d is refused as newer", async (offset, value, found) => {
  const error = await open(fileSlot.with(offset, value)).catch((thrown: unknown) => thrown);
  expect(error).toHaveProperty("code", "newer-format");
  expect(error).toHaveProperty("message", expect.stringContaining(`Cannot open key slot "keys/1": found ${found}`));
});

test.each([
  [6, 14],
  [6, 21],
  [6, 255],
  [7, 7],
  [7, 255],
  [8, 0],
  [8, 5],
  [9, 1],
])("scrypt parameters out of bounds, byte %d of value %d, are refused before any derivation", async (offset, value) => {
  const opening = open(passphraseSlot.with(offset, value), { passphrase: "correct horse" });
  await expect(opening).rejects.toBeInstanceOf(CorruptError);
});

test("a slot of another repository is told from one whose repository id is damaged", async () => {
  expect(await openKeySlot(fileSlot, "keys/1", new Uint8Array(16), KEY_FILE)).toBe("foreign");
  expect(await open(fileSlot.with(16, fileSlot[16]! ^ 1), { passphrase: "another" })).toBe("foreign");
  await expect(open(fileSlot.with(16, fileSlot[16]! ^ 1))).rejects.toThrow("repository id is damaged");
});

test("an empty passphrase and key files out of bounds are refused as usage", async () => {
  await expect(create({ passphrase: "" })).rejects.toHaveProperty("code", "usage");
  for (const length of [0, 31, 4097]) {
    await expect(create({ keyFile: new Uint8Array(length) })).rejects.toHaveProperty("code", "usage");
    await expect(open(fileSlot, { keyFile: new Uint8Array(length) })).rejects.toHaveProperty("code", "usage");
  }
  expect((await create({ keyFile: new Uint8Array(4096) })).length).toBe(144);
});

test("createKeySlot() refuses a cost or a length out of bounds", async () => {
  const options = { rootKey: ROOT_KEY, repositoryId: REPOSITORY_ID, secret: KEY_FILE, random: ascending };
  for (const cost of [{ log2N: 14 }, { log2N: 21 }, { log2N: 15.5 }, { parallelism: 0 }, { parallelism: 5 }]) {
    const creating = createKeySlot({ ...options, cost: { ...DEFAULT_SCRYPT_COST, ...cost } });
    await expect(creating).rejects.toBeInstanceOf(RangeError);
  }
  await expect(createKeySlot({ ...options, rootKey: new Uint8Array(31) })).rejects.toBeInstanceOf(RangeError);
  await expect(createKeySlot({ ...options, repositoryId: new Uint8Array(15) })).rejects.toBeInstanceOf(RangeError);
});
