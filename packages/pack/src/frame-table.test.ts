import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeTables, encodeTables, FRAME_PLAIN_MAX, tablesSize } from "./tables.js";
import { frameTables } from "./test-tables.js";

test("FrameTable has each frame where it was written, and finds every byte of the stream in it", () => {
  fc.assert(
    fc.property(frameTables, fc.nat(FRAME_PLAIN_MAX), (tables, offset) => {
      const { keys, frames } = tables;
      const bytes = new Uint8Array(tablesSize(keys.length, frames.length));
      encodeTables(tables, bytes, 0);
      const place = { offset: 0, keyCount: keys.length, frameCount: frames.length, object: "it" };
      const { table } = decodeTables(bytes, place);
      expect(table.entries()).toEqual(frames);
      frames.forEach((frame, i) => {
        expect(table.entry(i)).toEqual(frame);
        expect(table.storedOffset(i)).toBe(frame.storedOffset);
        expect(table.storedEnd(i)).toBe(frame.storedOffset + frame.storedLength);
        expect(table.find(frame.plainOffset)).toBe(i);
        expect(table.find(frame.plainOffset + (offset % frame.plainLength))).toBe(i);
        expect(table.find(frame.plainOffset + frame.plainLength)).toBe(i + 1 < frames.length ? i + 1 : -1);
      });
    }),
  );
});
