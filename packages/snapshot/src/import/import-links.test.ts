import { loadBlake3 } from "@bcat/crypto";
import { expect, test } from "vitest";
import { ImportLinks } from "./import-links.js";

const hash = loadBlake3("off").keyed(new Uint8Array(32));

test("links keep no more of what was read than the entry that they lead to", () => {
  const links = new ImportLinks(hash);
  links.add(Buffer.from("link"), Buffer.from("file"), 2);
  const read = new Uint8Array(65_536).fill(7);
  links.offer(Buffer.from("file"), 1, read.subarray(100, 110));
  const found = links.find(2);
  if (!("node" in found)) throw new Error("it was not found");
  expect(found.node).toEqual(new Uint8Array(10).fill(7));
  expect(found.node.buffer.byteLength).toBe(10);
});
