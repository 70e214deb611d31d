/** A root with the shell, the C library, the tools of GNU and dpkg of this machine, and nothing else. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const programs = [
  ..."sh dash bash env readlink dirname basename cat cp mv rm mkdir ls chmod ln find diff sort sha256sum sed grep".split(
    " ",
  ),
  ..."tar gzip dpkg dpkg-deb dpkg-split dpkg-query dpkg-divert ldconfig start-stop-daemon".split(" "),
];
/** Packages that are said to be installed: those whose libraries are copied. */
const given = ["libc6", "libgcc-s1", "libstdc++6"];

/** Undefined where it can be made and entered. */
export function whyNoRoot() {
  if (process.platform !== "linux" || process.getuid() !== 0) return "it takes root on Linux";
  for (const program of ["dpkg", "chroot", "unshare", "ldd"])
    if (!pathOf(program)) return `there is no ${program} here`;
  const { status } = spawnSync("unshare", ["--mount", "true"]);
  return status === 0 ? undefined : "unshare --mount is not permitted here";
}

/** Returns `root`, which is made. */
export function makeEmptyRoot(root) {
  for (const folder of [
    "dev",
    "proc",
    "tmp",
    "root",
    "home",
    "var/lib/dpkg/updates",
    "var/lib/dpkg/info",
    "var/lib/dpkg/triggers",
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "etc",
  ])
    mkdirSync(join(root, folder), { recursive: true });
  // As on Debian since 2023.
  for (const name of ["bin", "sbin", "lib"]) execFileSync("ln", ["-s", `usr/${name}`, join(root, name)]);
  mkdirSync(join(root, "usr/lib64"));
  execFileSync("ln", ["-s", "usr/lib64", join(root, "lib64")]);
  const files = new Set(librariesOfPackages());
  for (const program of programs) {
    const path = pathOf(program);
    if (path === undefined) continue;
    files.add(path);
    for (const library of librariesOf(path)) files.add(library);
  }
  for (const path of files) copyInto(root, path);
  const status = execFileSync("dpkg-query", ["--status", ...given], { encoding: "utf8" });
  // Their own needs were not copied.
  writeFileSync(join(root, "var/lib/dpkg/status"), status.replace(/^(Pre-)?Depends:.*\n/gm, ""));
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\n");
  writeFileSync(join(root, "var/lib/dpkg/available"), "");
  return root;
}

/** Runs a script of the shell in the root; returns what it prints. @throws Error with that when it fails. */
export function inRoot(root, script, environment = {}) {
  const enter = `mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" /bin/sh -euc "$1"`;
  const env = {
    PATH: "/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin",
    HOME: "/root",
    LC_ALL: "C.UTF-8",
    ...environment,
  };
  const { status, stdout, stderr } = spawnSync("unshare", ["--mount", "sh", "-c", enter, root, script], {
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`In the empty root, this ended with ${status}:\n${script}\n${stdout}${stderr}`);
  return stdout;
}

export function copyInto(root, path) {
  const real = realpathSync(path);
  const inside = join(root, path.replace(/^\/(bin|sbin|lib|lib64)\//, "/usr/$1/"));
  mkdirSync(dirname(inside), { recursive: true });
  if (!existsSync(inside)) copyFileSync(real, inside);
}

function pathOf(program) {
  return ["/usr/bin", "/usr/sbin", "/bin", "/sbin"].map((folder) => join(folder, program)).find(existsSync);
}

/** Absolute paths, the loader's among them. */
export function librariesOf(path) {
  if (readFileSync(realpathSync(path)).subarray(0, 4).toString("latin1") !== "\x7fELF") return [];
  const { stdout } = spawnSync("ldd", [path], { encoding: "utf8" });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, found]) => found);
}

/** Of those that are said to be installed. */
function librariesOfPackages() {
  const listed = execFileSync("dpkg-query", ["--listfiles", ...given], { encoding: "utf8" }).split("\n");
  return listed.filter((path) => /\/[^/]+\.so\.\d+$/.test(path) && existsSync(path));
}
