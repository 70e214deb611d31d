/**
 * A tree with everything that a file system of Linux can hold and a backup must give back: names in any bytes, every
 * mode, times from 1901 to 2200, sizes around every limit, links to anywhere, folders deeper than PATH_MAX.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { isLongRun } from "./long-run.js";
import { randomBytesOf } from "./random-bytes.js";

const asRoot = process.geteuid?.() === 0;
const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Around inline content (512), the smallest, average and largest chunk, and the size of one read. */
const SIZES = [
  0,
  1,
  2,
  511,
  512,
  513,
  4_096,
  65_535,
  65_536,
  65_537,
  256 * KIBIBYTE - 1,
  256 * KIBIBYTE,
  256 * KIBIBYTE + 1,
  MEBIBYTE - 1,
  MEBIBYTE,
  MEBIBYTE + 1,
  2 * MEBIBYTE + 1,
  ...(isLongRun ? [2 * MEBIBYTE, 5 * MEBIBYTE] : []),
];

/** Of the modes of files, every so manieth: each bit is set in some and not in others. */
const MODE_STEP = isLongRun ? 1 : 37;

/** For `touch -d`. */
const TIMES = [
  "@0",
  "@0.000000001",
  "@0.999999999",
  "@1",
  "@1.5",
  "1969-12-31T23:59:59Z",
  "1969-12-31T23:59:59.999999999Z",
  "1969-12-31T23:59:58.000000001Z",
  "1901-12-14T00:00:00.123456789Z",
  "1920-02-29T12:00:00.999999999Z",
  "2038-01-19T03:14:07.999999999Z",
  "2038-01-19T03:14:08Z",
  "2106-02-07T06:28:16.000000001Z",
  "2200-01-01T00:00:00.987654321Z",
  "2026-01-02T03:04:05.000000999Z",
  "2026-01-02T03:04:05.999999999Z",
];

/** Directories one in another, of names so long that the path of the innermost is beyond PATH_MAX. */
const DEPTH = 200;
const DEEP_NAME = "a name of twenty-four bytes".slice(0, 24);

export interface OddTreeOptions {
  /** Whether paths go beyond PATH_MAX, which few programs can read: by default they do. */
  readonly isDeep?: boolean;
}

/** Makes the tree in `path`, which is created. */
export function makeOddTree(path: string, { isDeep = true }: OddTreeOptions = {}): void {
  fs.mkdirSync(path);
  makeNames(join(path, "names"));
  makeSizes(join(path, "sizes"));
  makeLinks(join(path, "links"));
  if (isDeep) makeDeep(join(path, "deep"));
  makeModes(join(path, "modes"));
  makeOwners(join(path, "owners"));
  makeTimes(join(path, "times"));
  for (const name of ["empty", "full of empty ones/a", "full of empty ones/b"]) {
    fs.mkdirSync(join(path, name), { recursive: true });
  }
}

function makeNames(path: string): void {
  fs.mkdirSync(path);
  const inside = (name: Uint8Array) => Buffer.concat([Buffer.from(`${path}/`), name]);
  const bytes = Array.from({ length: 255 }, (_, i) => i + 1).filter((byte) => byte !== 0x2f);
  for (const byte of bytes) if (byte !== 0x2e) fs.writeFileSync(inside(Uint8Array.of(byte)), String(byte));
  fs.writeFileSync(inside(Uint8Array.from(bytes)), "all of them");
  for (const byte of [0x01, 0x20, 0x61, 0x80, 0xff]) fs.mkdirSync(inside(new Uint8Array(255).fill(byte)));
  const names = [
    "..a",
    "...",
    " ",
    "\n",
    "-rf",
    "~",
    "$HOME",
    "*",
    "all",
    "é",
    "e\u0301",
    "\ud83d\ude00",
    "a".repeat(254),
  ];
  for (const name of names) fs.writeFileSync(inside(Buffer.from(`x${name}`)), name);
  for (const name of ["...", "-rf", "*"]) fs.writeFileSync(inside(Buffer.from(name)).toString(), name, { flag: "a" });
  const invalid = [
    [0xc3],
    [0xc3, 0x28],
    [0xed, 0xa0, 0x80],
    [0xf8, 0x88, 0x80, 0x80],
    [0x61, 0xff],
    [0xff, 0xfe, 0xff],
  ];
  for (const name of invalid) fs.mkdirSync(inside(Uint8Array.from([...name, 0x64])));
  fs.writeFileSync(
    Buffer.concat([inside(Uint8Array.of(0xc3, 0x28, 0x64)), Buffer.from([0x2f, 0xe9])]),
    "in a latin1 folder",
  );
}

function makeSizes(path: string): void {
  fs.mkdirSync(path);
  for (const size of SIZES) fs.writeFileSync(join(path, String(size)), randomBytesOf(`size ${size}`, size));
  for (const size of [1, 513, MEBIBYTE + 1]) fs.copyFileSync(join(path, String(size)), join(path, `${size} again`));
  fs.linkSync(join(path, "4096"), join(path, "4096 hard link"));
  fs.writeFileSync(join(path, "zeros"), Buffer.alloc(5 * MEBIBYTE + 1));
  fs.writeFileSync(join(path, "sparse"), "");
  fs.truncateSync(join(path, "sparse"), 3 * MEBIBYTE);
}

function makeLinks(path: string): void {
  fs.mkdirSync(path);
  const targets: [string, string | Uint8Array][] = [
    ["relative", "../sizes/4096"],
    ["absolute", "/etc/hostname"],
    ["dangling", "nowhere/at all"],
    ["to a folder", ".."],
    ["to itself", "to itself"],
    ["one byte", "x"],
    ["long", "long/".repeat(800)],
    ["longest", "y".repeat(4_095)],
    ["bytes", Buffer.from([0xff, 0x0a, 0x01, 0xc3])],
    ["slashes", "//a///b/"],
  ];
  for (const [name, target] of targets) fs.symlinkSync(Buffer.from(target), join(path, name));
}

/** By way of the innermost folder's descriptor: its path is too long for any call. */
function makeDeep(path: string): void {
  fs.mkdirSync(path);
  let folder = fs.openSync(path, fs.constants.O_DIRECTORY);
  for (let depth = 0; depth < DEPTH; depth++) {
    const next = `/proc/self/fd/${folder}/${DEEP_NAME}`;
    fs.mkdirSync(next);
    if (depth % 50 === 0) fs.writeFileSync(`/proc/self/fd/${folder}/file`, `at depth ${depth}`);
    const opened = fs.openSync(next, fs.constants.O_DIRECTORY);
    fs.closeSync(folder);
    folder = opened;
  }
  fs.writeFileSync(`/proc/self/fd/${folder}/innermost`, randomBytesOf("innermost", 2_000));
  fs.closeSync(folder);
}

/** Files of every mode there is, or some of them: root reads them all, others only those that let them. Directories of some. */
function makeModes(path: string): void {
  fs.mkdirSync(join(path, "files"), { recursive: true });
  fs.mkdirSync(join(path, "folders"));
  for (let mode = 0; mode <= 0o7777; mode += MODE_STEP) {
    if (!asRoot && (mode & 0o400) === 0) continue;
    const name = join(path, "files", mode.toString(8).padStart(4, "0"));
    fs.writeFileSync(name, "");
    fs.chmodSync(name, mode);
  }
  for (const mode of [
    0o555,
    0o500,
    0o700,
    0o777,
    0o1777,
    0o2755,
    0o4755,
    0o7777,
    ...(asRoot ? [0o000, 0o111, 0o333] : []),
  ]) {
    const name = join(path, "folders", mode.toString(8).padStart(4, "0"));
    fs.mkdirSync(join(name, "inner"), { recursive: true });
    fs.writeFileSync(join(name, "file"), "x");
    fs.chmodSync(name, mode);
  }
}

function makeOwners(path: string): void {
  fs.mkdirSync(path);
  if (!asRoot) return;
  for (const [uid, gid] of [
    [0, 1],
    [1, 0],
    [65_534, 65_534],
    [12_345, 54_321],
    [0x7fff_ffff, 0x8000_0000],
    [0xffff_fffe, 0xffff_fffe],
  ] as const) {
    const name = join(path, `${uid} ${gid}`);
    fs.mkdirSync(name);
    fs.writeFileSync(join(name, "file"), "x");
    fs.symlinkSync("file", join(name, "link"));
    for (const entry of [join(name, "file"), join(name, "link"), name]) fs.lchownSync(entry, uid, gid);
    fs.chmodSync(join(name, "file"), 0o6755);
    fs.chmodSync(name, 0o3777);
  }
}

function makeTimes(path: string): void {
  fs.mkdirSync(path);
  TIMES.forEach((time, i) => {
    const name = join(path, String(i));
    fs.mkdirSync(name);
    fs.writeFileSync(join(name, "file"), i % 2 === 0 ? "" : randomBytesOf(time, 1_000));
    fs.symlinkSync("nowhere", join(name, "link"));
    execFileSync("touch", ["-h", "-m", "-d", time, join(name, "file"), join(name, "link"), name]);
  });
}
