/** Changes a source by chance, between two backups of it. */
import * as fs from "node:fs";
import { join } from "node:path";
import { randomBytesOf } from "../kit/random-bytes.js";

const FILES_MIN = 20;
const FILES_MAX = 60;
/** Bytes of files; one of them in each file that is written. */
const SIZES = [0, 10, 3_000, 50_000, 300_000];

/** Draws 0 up to, not including, 1. */
export type Draw = () => number;

export function pick<Item>(items: readonly Item[], draw: Draw): Item {
  return items[Math.floor(draw() * items.length)]!;
}

/** @param common what it writes may be what other sources have, too */
export function mutate(folder: string, draw: Draw, common: readonly string[]): void {
  fs.mkdirSync(folder, { recursive: true });
  for (let left = 3 + Math.floor(draw() * 10); left > 0; left--) {
    const files = filesIn(folder);
    const way = draw();
    if (files.length < FILES_MIN || (way < 0.5 && files.length < FILES_MAX)) write(folder, draw, common);
    else if (way < 0.65) fs.rmSync(pick(files, draw));
    else if (way < 0.75) fs.renameSync(pick(files, draw), join(pick(foldersIn(folder), draw), name("moved", draw)));
    else if (way < 0.85) replace(pick(files, draw), draw);
    else if (way < 0.92) fs.chmodSync(pick(files, draw), pick([0o600, 0o640, 0o755], draw));
    else removeFolder(folder, draw);
  }
}

function write(folder: string, draw: Draw, common: readonly string[]): void {
  const parent = draw() < 0.2 ? join(folder, name("folder", draw)) : pick(foldersIn(folder), draw);
  fs.mkdirSync(parent, { recursive: true });
  const seed = draw() < 0.5 ? pick(common, draw) : String(draw());
  fs.writeFileSync(join(parent, name("file", draw)), randomBytesOf(seed, pick(SIZES, draw)));
}

/** As editors do: a new file in its place. */
function replace(path: string, draw: Draw): void {
  const content = Buffer.concat([fs.readFileSync(path), randomBytesOf(String(draw()), 100)]);
  fs.rmSync(path);
  fs.writeFileSync(path, content);
}

function removeFolder(folder: string, draw: Draw): void {
  const inner = foldersIn(folder).filter((path) => path !== folder);
  if (inner.length > 3) fs.rmSync(pick(inner, draw), { recursive: true });
}

const name = (kind: string, draw: Draw) => `${kind}-${Math.floor(draw() * 1_000)}`;

function entriesIn(folder: string): fs.Dirent[] {
  return fs.readdirSync(folder, { recursive: true, withFileTypes: true });
}

function filesIn(folder: string): string[] {
  return entriesIn(folder).flatMap((entry) => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []));
}

function foldersIn(folder: string): string[] {
  const inner = entriesIn(folder).flatMap((entry) => (entry.isDirectory() ? [join(entry.parentPath, entry.name)] : []));
  return [folder, ...inner];
}
