/**
 * The disk that simulated machines keep their caches on: what the packages call of `node:fs`, in memory. `hooks.mjs` puts
 * it in the place of `node:fs` for them. A file has a path, bytes that never change, and a time.
 */
interface File {
  readonly bytes: Uint8Array;
  readonly mtimeMs: number;
}

interface OpenFile {
  readonly path: string;
  readonly file: File;
}

const FIRST_DESCRIPTOR = 1 << 20;

let files = new Map<string, File>();
let folders = new Set<string>();
let open = new Map<number, OpenFile>();
let descriptor = FIRST_DESCRIPTOR;
let clock: (path: string) => number = () => 0;

/** Begins anew, with nothing on it; `now` tells the time (ms) for whoever writes to a path. */
export function clearDisk(now: (path: string) => number): void {
  files = new Map();
  folders = new Set();
  open = new Map();
  descriptor = FIRST_DESCRIPTOR;
  clock = now;
}

/** What is below a folder now. */
export type DiskCopy = ReadonlyMap<string, File>;

export function copyFolder(folder: string): DiskCopy {
  const copy = new Map<string, File>();
  for (const [path, file] of files) if (path.startsWith(`${folder}/`)) copy.set(path.slice(folder.length), file);
  return copy;
}

/** Puts a copy in the place of what is below a folder. */
export function replaceFolder(folder: string, copy: DiskCopy): void {
  for (const path of [...files.keys()]) if (path.startsWith(`${folder}/`)) files.delete(path);
  for (const [path, file] of copy) {
    files.set(folder + path, file);
    for (let at = parentOf(folder + path); at.length >= folder.length; at = parentOf(at)) folders.add(at);
  }
}

/** Cuts a file below a folder short, or turns a byte of it, as a disk does that is going bad. */
export function damageFile(folder: string, choose: (count: number) => number): void {
  const paths = [...copyFolder(folder).keys()];
  if (paths.length === 0) return;
  const path = folder + paths[choose(paths.length)]!;
  const { bytes, mtimeMs } = files.get(path)!;
  const at = choose(bytes.length + 1);
  const damaged = bytes.slice(0, choose(2) === 0 ? at : bytes.length);
  if (damaged.length === bytes.length && at < bytes.length) damaged[at]! ^= 1 + choose(255);
  files.set(path, { bytes: damaged, mtimeMs });
}

export function mkdirSync(path: string, { recursive = false } = {}): void {
  if (folders.has(path) && !recursive) throw fault("EEXIST", "mkdir", path);
  for (let at = path; at !== "" && !folders.has(at); at = parentOf(at)) folders.add(at);
}

export function readdirSync(path: string): string[] {
  if (!folders.has(path)) throw fault("ENOENT", "scandir", path);
  const below = [...files.keys(), ...folders].filter((other) => parentOf(other) === path);
  return below.map((other) => other.slice(path.length + 1)).sort();
}

export function existsSync(path: string): boolean {
  return files.has(path) || folders.has(path);
}

export function statSync(path: string, { throwIfNoEntry = true } = {}): { size: number; mtimeMs: number } | undefined {
  const file = files.get(path);
  if (file !== undefined) return { size: file.bytes.length, mtimeMs: file.mtimeMs };
  if (folders.has(path)) return { size: 0, mtimeMs: 0 };
  if (throwIfNoEntry) throw fault("ENOENT", "stat", path);
  return undefined;
}

export function readFileSync(path: string, encoding?: "utf8" | { encoding?: "utf8" }): Buffer | string {
  const file = files.get(path);
  if (file === undefined) throw fault("ENOENT", "open", path);
  const bytes = Buffer.from(file.bytes);
  return encoding === undefined ? bytes : bytes.toString("utf8");
}

export function writeFileSync(
  target: string | number,
  given: Uint8Array | string,
  options: { flag?: string } = {},
): void {
  const bytes = typeof given === "string" ? Buffer.from(given) : new Uint8Array(given);
  const path = typeof target === "number" ? openFile(target).path : target;
  if (options.flag === "wx" && files.has(path)) throw fault("EEXIST", "open", path);
  if (!folders.has(parentOf(path))) throw fault("ENOENT", "open", path);
  files.set(path, { bytes, mtimeMs: clock(path) });
}

export function openSync(path: string, flags: string): number {
  if (!flags.startsWith("r")) {
    if (flags === "wx" && files.has(path)) throw fault("EEXIST", "open", path);
    writeFileSync(path, new Uint8Array(0));
  }
  const file = files.get(path) ?? (folders.has(path) ? { bytes: new Uint8Array(0), mtimeMs: 0 } : undefined);
  if (file === undefined) throw fault("ENOENT", "open", path);
  open.set(++descriptor, { path, file });
  return descriptor;
}

export function appendFileSync(path: string, text: string): void {
  const before = files.get(path)?.bytes ?? new Uint8Array(0);
  writeFileSync(path, Buffer.concat([before, Buffer.from(text)]));
}

export function truncateSync(path: string, length: number): void {
  writeFileSync(path, (readFileSync(path) as Buffer).subarray(0, length));
}

/** As Node has it: a piece of bytes goes to the end; a text over what is at a position. */
export function writeSync(target: number, piece: Uint8Array | string, offset = 0, length = piece.length): number {
  const { path } = openFile(target);
  if (typeof piece === "string") {
    const bytes = Buffer.from(files.get(path)?.bytes ?? []);
    bytes.write(piece, offset);
    writeFileSync(path, bytes);
    return piece.length;
  }
  const before = files.get(path)?.bytes ?? new Uint8Array(0);
  writeFileSync(path, Buffer.concat([before, piece.subarray(offset, offset + length)]));
  return length;
}

/** A file that was renamed or removed meanwhile is read as it was. */
export function readSync(source: number, into: Uint8Array, offset: number, length: number, position: number): number {
  const { file } = openFile(source);
  const piece = file.bytes.subarray(position, position + length);
  into.set(piece, offset);
  return piece.length;
}

export function closeSync(target: number): void {
  if (!open.delete(target)) throw fault("EBADF", "close", String(target));
}

export function fsyncSync(target: number): void {
  openFile(target);
}

export function renameSync(from: string, to: string): void {
  const file = files.get(from);
  if (file === undefined) throw fault("ENOENT", "rename", from);
  files.delete(from);
  files.set(to, file);
}

export function rmSync(path: string, { force = false } = {}): void {
  if (!files.delete(path) && !force) throw fault("ENOENT", "rm", path);
}

export function utimesSync(path: string, _access: number, modified: number): void {
  const file = files.get(path);
  if (file === undefined) throw fault("ENOENT", "utime", path);
  files.set(path, { bytes: file.bytes, mtimeMs: modified * 1000 });
}

/** Of the targets of restores, which lie in the memory of their machine: all may be written to. */
export function accessSync(): void {}

/** Simulated sources have no symbolic links above them. */
export const realpathSync = Object.assign((path: string) => path, { native: (path: Uint8Array) => path });

export const constants = { W_OK: 2, X_OK: 1 };

function openFile(target: number): OpenFile {
  const found = open.get(target);
  if (found === undefined) throw fault("EBADF", "read", String(target));
  return found;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function fault(code: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path, errno: -1 });
}
