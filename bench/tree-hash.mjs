/**
 * Two hashes of a tree, to compare what was restored with its source. `contents` covers names, types, bytes and link
 * targets; `metadata` covers modes and times (whole microseconds, as some tools keep no more). Shares no code with bcat.
 */
import { createHash } from "node:crypto";
import { closeSync, constants, lstatSync, openSync, readdirSync, readlinkSync, readSync } from "node:fs";

const BLOCK_SIZE = 1 << 20;
const block = Buffer.allocUnsafeSlow(BLOCK_SIZE);
const SLASH = Buffer.from("/");

/** @returns hex hashes, and how many files and bytes there are */
export function hashTree(folder) {
  const tree = { contents: createHash("sha256"), metadata: createHash("sha256"), files: 0, bytes: 0 };
  hashFolder(tree, Buffer.from(folder), Buffer.alloc(0));
  const { files, bytes } = tree;
  return { contents: tree.contents.digest("hex"), metadata: tree.metadata.digest("hex"), files, bytes };
}

/** Says in a word or two how the restored hash compares. */
export function compareHashes(source, restored) {
  if (source.contents !== restored.contents) return "differs";
  return source.metadata === restored.metadata ? "same" : "contents same, times or modes differ";
}

function hashFolder(tree, folder, relative) {
  const names = readdirSync(folder, { encoding: "buffer" }).sort(Buffer.compare);
  for (const name of names) {
    const path = Buffer.concat([folder, SLASH, name]);
    const place = Buffer.concat([relative, SLASH, name]);
    const stat = lstatSync(path, { bigint: true });
    tree.contents.update(place).update(`\0${stat.mode & BigInt(constants.S_IFMT)}\0`);
    if (stat.isSymbolicLink()) tree.contents.update(readlinkSync(path, { encoding: "buffer" })).update("\0");
    // The times of a link cannot be set by every tool, and its mode says nothing.
    else tree.metadata.update(`${stat.mode} ${stat.mtimeNs / 1_000n} `);
    if (stat.isDirectory()) hashFolder(tree, path, place);
    if (stat.isFile()) {
      tree.files++;
      tree.bytes += Number(stat.size);
      hashFile(tree.contents.update(`${stat.size}\0`), path);
    }
  }
}

function hashFile(hash, path) {
  const file = openSync(path, "r");
  for (let count = readSync(file, block); count > 0; count = readSync(file, block))
    hash.update(block.subarray(0, count));
  closeSync(file);
}
