import { expect, test } from "vitest";
import { openGcm, sealGcm } from "./gcm.js";
import { GcmOpening, GcmSealing } from "./gcm-pieces.js";

const KEY = new Uint8Array(32).fill(1);
const NONCE = new Uint8Array(12).fill(2);
const AAD = Buffer.from("what it is");
const PLAIN = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 251);

/** `bytes` in pieces of any lengths, the first and last of them empty. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (const length of [0, 1, 15, 40_000, 17, bytes.length, 0]) {
    yield bytes.subarray(start, start + length);
    start = Math.min(bytes.length, start + length);
  }
}

function open(sealed: Uint8Array): Uint8Array | undefined {
  const opening = new GcmOpening(KEY, NONCE, AAD, sealed.subarray(-16));
  const plain = Buffer.concat([...piecesOf(sealed.subarray(0, -16))].map((piece) => opening.update(piece)));
  return opening.end() ? plain : undefined;
}

test("GcmSealing gives the bytes of sealGcm(), and GcmOpening those of openGcm()", () => {
  const sealing = new GcmSealing(KEY, NONCE, AAD);
  const sealed = Buffer.concat([...[...piecesOf(PLAIN)].map((piece) => sealing.update(piece)), sealing.end()]);
  expect(Buffer.compare(sealed, sealGcm(KEY, NONCE, AAD, PLAIN))).toBe(0);
  expect(Buffer.compare(openGcm(KEY, NONCE, AAD, sealed)!, PLAIN)).toBe(0);
  expect(Buffer.compare(open(sealed)!, PLAIN)).toBe(0);
});

test("GcmOpening refuses a flipped byte anywhere, a missing piece and a short tag", () => {
  const sealed = sealGcm(KEY, NONCE, AAD, PLAIN);
  for (const at of [0, 50_000, 99_999, 100_000, 100_015]) {
    const flipped = sealed.slice();
    flipped[at]! ^= 1;
    expect(open(flipped), `byte ${at}`).toBeUndefined();
  }
  expect(open(sealed.subarray(1))).toBeUndefined();
  expect(() => new GcmOpening(KEY, NONCE, AAD, sealed.subarray(-4))).toThrow();
});
