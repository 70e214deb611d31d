import { expect, test } from "vitest";
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, useRealCryptography } from "./cryptography.js";

interface Cipher {
  setAAD(bytes: Uint8Array): Cipher;
  setAuthTag(tag: Uint8Array): Cipher;
  update(bytes: Uint8Array): Buffer;
  final(): Buffer;
  getAuthTag(): Buffer;
}

interface Hmac {
  update(data: Uint8Array): Hmac;
  digest(): Buffer;
}

const KEY = Buffer.alloc(32, 7);
const NONCE = Buffer.alloc(12);
const ADDITIONAL = Buffer.from("sessions/1");
const PLAIN = Buffer.from("a body that nobody may change");

function seal(): { readonly sealed: Buffer; readonly tag: Buffer } {
  const cipher = createCipheriv("aes-256-gcm", KEY, NONCE, { authTagLength: 16 } as never) as Cipher;
  const sealed = cipher.setAAD(ADDITIONAL).update(PLAIN);
  cipher.final();
  return { sealed, tag: cipher.getAuthTag() };
}

function open(given: { key?: Buffer; nonce?: Buffer; additional?: Buffer; sealed: Buffer; tag: Buffer }): Buffer {
  const { key = KEY, nonce = NONCE, additional = ADDITIONAL, sealed, tag } = given;
  const opening = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 } as never) as Cipher;
  opening.setAAD(additional).setAuthTag(tag);
  // In pieces, as segments are opened.
  const plain = Buffer.concat([opening.update(sealed.subarray(0, 5)), opening.update(sealed.subarray(5))]);
  opening.final();
  return plain;
}

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1;
  return copy;
}

test.each([true, false])("what is sealed opens with its key and additional data alone (real: %s)", (isReal) => {
  useRealCryptography(isReal);
  const { sealed, tag } = seal();
  expect(sealed.equals(PLAIN)).toBe(false);
  expect(open({ sealed, tag }).equals(PLAIN)).toBe(true);
  for (let at = 0; at < sealed.length; at++) expect(() => open({ sealed: changed(sealed, at), tag })).toThrow();
  for (let at = 0; at < tag.length; at++) expect(() => open({ sealed, tag: changed(tag, at) })).toThrow();
  for (let at = 0; at < 32; at++) expect(() => open({ key: changed(KEY, at), sealed, tag })).toThrow();
  expect(() => open({ nonce: changed(NONCE, 0), sealed, tag })).toThrow();
  expect(() => open({ additional: Buffer.from("sessions/2"), sealed, tag })).toThrow();
  expect(() => open({ sealed: sealed.subarray(1), tag })).toThrow();
});

test.each([true, false])("a key derived at once is that of two HMACs (real: %s)", (isReal) => {
  useRealCryptography(isReal);
  const hmac = (key: Buffer) => createHmac("sha256", key) as Hmac;
  const [salt, info] = [Buffer.from("salt"), Buffer.from("info")];
  const twice = hmac(hmac(salt).update(KEY).digest()).update(info).update(Uint8Array.of(1)).digest();
  expect(Buffer.from(hkdfSync("sha256", KEY, salt, info, 32)).equals(twice)).toBe(true);
});
