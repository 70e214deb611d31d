/**
 * What a backup has to give back, aspect by aspect: each makes something in a folder of its own, and tells whether another
 * folder has it too. It shares no code with bcat: node:fs, and the programs that set what node cannot (attr, acl, libcap2-bin,
 * e2fsprogs, coreutils). For `test/fidelity-tools.test.ts`, and for `bench/fidelity.mjs`, which asks other programs the same.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

const MEBIBYTE = 2 ** 20;
const isRoot = process.geteuid?.() === 0;

/**
 * @typedef {object} Aspect
 * @property {string} name
 * @property {boolean} [needsRoot]
 * @property {(folder: string) => void | Promise<unknown>} make throws where the system lacks what it takes
 * @property {(folder: string) => unknown} look what is to be the same in both folders
 */

const run = (program, ...words) => execFileSync(program, words, { stdio: ["ignore", "pipe", "pipe"] }).toString();
const stat = (folder, name) => fs.lstatSync(join(folder, name), { bigint: true });
const names = (folder) => fs.readdirSync(folder, { encoding: "latin1" }).sort();
const write = (folder, name, content = name) => fs.writeFileSync(join(folder, name), content);
const touch = (path, time) => run("touch", "-h", "-m", "-d", time, path);
const attributes = (folder, name) =>
  run("getfattr", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", join(folder, name))
    .split("\n")
    .slice(1)
    .sort();
const each = (folder, look) => Object.fromEntries(names(folder).map((name) => [name, look(name)]));
/** Which names are one file. */
const groups = (folder) => {
  const byInode = new Map();
  for (const name of names(folder))
    byInode.set(stat(folder, name).ino, [...(byInode.get(stat(folder, name).ino) ?? []), name]);
  return [...byInode.values()];
};

const TIMES = [
  "@0",
  "@0.999999999",
  "1969-12-31T23:59:59.999999999Z",
  "1901-12-14T00:00:00.123456789Z",
  "2038-01-19T03:14:08Z",
  "2106-02-07T06:28:16.000000001Z",
  "2200-01-01T00:00:00.987654321Z",
];
const times = (kind) => ({
  make: (folder) =>
    TIMES.forEach((time, i) => {
      const path = join(folder, String(i));
      if (kind === "folders") fs.mkdirSync(path);
      else if (kind === "links") fs.symlinkSync("nowhere", path);
      else fs.writeFileSync(path, "x");
      touch(path, time);
    }),
  look: (folder) => each(folder, (name) => stat(folder, name).mtimeNs),
});

const setAttributes = (kind, namespace) => ({
  make: (folder) => {
    const path = join(folder, "entry");
    if (kind === "folder") fs.mkdirSync(path);
    else if (kind === "link") fs.symlinkSync("nowhere", path);
    else fs.writeFileSync(path, "x");
    run("setfattr", "-h", "-n", `${namespace}.empty`, path);
    run("setfattr", "-h", "-n", `${namespace}.binary`, "-v", "0x00ff0a", path);
    if (namespace === "user") for (let i = 0; i < 100; i++) run("setfattr", "-n", `user.${i}`, "-v", String(i), path);
  },
  look: (folder) => attributes(folder, "entry"),
});

/** @type {readonly Aspect[]} */
export const aspects = [
  {
    name: "names in any bytes",
    make: (folder) => {
      for (let byte = 1; byte < 256; byte++)
        if (byte !== 0x2f && byte !== 0x2e)
          fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(byte)]), "");
      fs.writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.alloc(255, 0xff)]), "");
    },
    look: names,
  },
  { name: "times of files, to the nanosecond, 1901 to 2200", ...times("files") },
  { name: "times of folders", ...times("folders") },
  { name: "times of symbolic links", ...times("links") },
  {
    name: "modes of files and folders",
    make: (folder) => {
      for (const mode of [0o400, 0o644, 0o1777, 0o2755, 0o4755, 0o6711, 0o7777]) {
        const name = mode.toString(8);
        write(folder, name);
        fs.mkdirSync(join(folder, `${name} folder`));
        for (const entry of [name, `${name} folder`]) fs.chmodSync(join(folder, entry), mode);
      }
    },
    look: (folder) => each(folder, (name) => stat(folder, name).mode),
  },
  {
    name: "owners, of links too",
    needsRoot: true,
    make: (folder) => {
      write(folder, "file");
      fs.symlinkSync("file", join(folder, "link"));
      fs.mkdirSync(join(folder, "folder"));
      for (const name of names(folder)) fs.lchownSync(join(folder, name), 12_345, 4_294_967_294);
    },
    look: (folder) => each(folder, (name) => [stat(folder, name).uid, stat(folder, name).gid]),
  },
  {
    name: "symbolic links to anything",
    make: (folder) => {
      const targets = [
        "nowhere",
        "..",
        "/etc/hostname",
        "self",
        "y".repeat(4_000),
        "//a///b/",
        Buffer.of(0xff, 0x0a, 0xc3),
      ];
      targets.forEach((target, i) => void fs.symlinkSync(target, join(folder, String(i))));
    },
    look: (folder) => each(folder, (name) => fs.readlinkSync(join(folder, name), "latin1")),
  },
  {
    name: "hard links of files",
    make: (folder) => {
      for (const [name, size] of [
        ["small", 5],
        ["large", 3 * MEBIBYTE],
      ]) {
        write(folder, name, Buffer.alloc(size, name));
        for (const other of ["a", "b"]) fs.linkSync(join(folder, name), join(folder, `${name} ${other}`));
      }
    },
    look: groups,
  },
  {
    name: "hard links of symbolic links and fifos",
    make: (folder) => {
      fs.symlinkSync("nowhere", join(folder, "link"));
      run("mkfifo", join(folder, "fifo"));
      for (const name of ["link", "fifo"]) run("ln", "-P", join(folder, name), join(folder, `${name} again`));
    },
    look: groups,
  },
  {
    name: "fifos",
    make: (folder) => void run("mkfifo", "-m", "640", join(folder, "fifo")),
    look: (folder) => each(folder, (name) => stat(folder, name).mode),
  },
  {
    name: "device nodes",
    needsRoot: true,
    make: (folder) => {
      run("mknod", join(folder, "c"), "c", "1", "3");
      run("mknod", join(folder, "b"), "b", "259", "65537");
    },
    look: (folder) => each(folder, (name) => [stat(folder, name).mode, stat(folder, name).rdev]),
  },
  { name: "extended attributes of files", ...setAttributes("file", "user") },
  { name: "extended attributes of folders", ...setAttributes("folder", "user") },
  { name: "extended attributes of links", needsRoot: true, ...setAttributes("link", "trusted") },
  { name: "attributes of the system (trusted)", needsRoot: true, ...setAttributes("file", "trusted") },
  {
    name: "an extended attribute of 60 KiB",
    make: (folder) => {
      write(folder, "file");
      run("setfattr", "-n", "user.large", "-v", `0x${"ab".repeat(60 * 1024)}`, join(folder, "file"));
    },
    look: (folder) => attributes(folder, "file"),
  },
  {
    name: "access control lists, default ones too",
    make: (folder) => {
      write(folder, "file");
      fs.mkdirSync(join(folder, "folder"));
      run("setfacl", "-m", "u:7:rw,g:8:r", join(folder, "file"));
      run("setfacl", "-m", "u:7:rwx", join(folder, "folder"));
      run("setfacl", "-d", "-m", "u:9:rx", join(folder, "folder"));
    },
    look: (folder) =>
      names(folder).map((name) => run("getfacl", "-n", "--omit-header", "--absolute-names", join(folder, name))),
  },
  {
    name: "capabilities",
    needsRoot: true,
    make: (folder) => {
      write(folder, "file");
      run("setcap", "cap_net_raw+ep", join(folder, "file"));
    },
    look: (folder) => attributes(folder, "file"),
  },
  {
    name: "holes",
    make: (folder) => {
      for (const [name, pieces] of [
        ["both ends", [0, 64 * MEBIBYTE]],
        ["only a hole", []],
        ["at the end", [0]],
        ["in the middle", [MEBIBYTE, 32 * MEBIBYTE]],
      ]) {
        write(folder, name, "");
        const file = fs.openSync(join(folder, name), "r+");
        for (const at of pieces) fs.writeSync(file, Buffer.alloc(MEBIBYTE, name), 0, MEBIBYTE, at);
        fs.ftruncateSync(file, 96 * MEBIBYTE + 1);
        fs.closeSync(file);
      }
    },
    look: (folder) => each(folder, (name) => [stat(folder, name).size, stat(folder, name).blocks]),
  },
  {
    name: "inode flags (immutable, append only, no dump)",
    needsRoot: true,
    make: (folder) => {
      for (const flag of ["d", "a", "i"]) {
        write(folder, flag);
        run("chattr", `+${flag}`, join(folder, flag));
      }
    },
    look: (folder) =>
      names(folder).map((name) => run("lsattr", "-d", join(folder, name)).split(" ")[0].replace("e", "-")),
  },
  {
    name: "sockets",
    make: async (folder) => {
      const server = createServer().listen(join(folder, "socket"));
      await new Promise((done) => server.once("listening", done));
      server.unref();
    },
    look: (folder) => each(folder, (name) => stat(folder, name).mode),
  },
  {
    name: "empty files and folders",
    make: (folder) => {
      write(folder, "file", "");
      fs.mkdirSync(join(folder, "folder/inner"), { recursive: true });
    },
    look: (folder) => fs.readdirSync(folder, { recursive: true }).sort(),
  },
];

/**
 * Makes every aspect that this system and user can have, each in a folder of its number below `path`.
 *
 * @param {string} path made here
 * @returns {Promise<{ made: { aspect: Aspect, folder: string }[], missing: { aspect: Aspect, why: string }[] }>}
 */
export async function makeCorpus(path) {
  fs.mkdirSync(path, { recursive: true });
  const made = [];
  const missing = [];
  for (const [i, aspect] of aspects.entries()) {
    const folder = String(i + 1).padStart(2, "0");
    if (aspect.needsRoot === true && !isRoot) {
      missing.push({ aspect, why: "takes root" });
      continue;
    }
    fs.mkdirSync(join(path, folder));
    try {
      await aspect.make(join(path, folder));
      made.push({ aspect, folder });
    } catch (error) {
      unmake(join(path, folder));
      missing.push({ aspect, why: String(error.stderr ?? error).split("\n")[0] });
    }
  }
  return { made, missing };
}

/** Removes a folder, what is immutable too. */
export function unmake(path) {
  try {
    run("chattr", "-R", "-f", "-ia", path);
  } catch {
    // A file system without flags, or no such program.
  }
  fs.rmSync(path, { recursive: true, force: true });
}

/**
 * Whether another folder has the aspect too; a text says what differs.
 *
 * @param {Aspect} aspect @param {string} expected @param {string} found
 * @returns {true | string}
 */
export function keeps(aspect, expected, found) {
  const show = (value) => JSON.stringify(value, (_, item) => (typeof item === "bigint" ? String(item) : item));
  try {
    const [left, right] = [show(aspect.look(expected)), show(aspect.look(found))];
    return left === right ? true : `${left.slice(0, 300)} is ${right.slice(0, 300)}`;
  } catch (error) {
    return String(error.stderr ?? error).split("\n")[0];
  }
}
