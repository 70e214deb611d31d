/** Debian packages: the program with its Node in /usr/lib/bcat, `bcat` on the PATH, manual, completions, units of systemd. */
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";
import { copy, layOutManual, layOutWithNode } from "./with-node.mjs";

const debianNames = { x64: "amd64", arm64: "arm64" };
/** What the Node asks of the C library, and what else it is linked with. */
const depends = "libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6 (>= 6)";
/** Where the units and the scripts of the package expect the program. */
const home = "usr/lib/bcat";

/** Returns the paths of the packages. */
export function makeDebs({ root, output, work, time, version, architectures, level }) {
  return architectures.map((architecture) => {
    const folder = join(work, `deb-${architecture}`);
    layOutRoot({ root, folder, work, time, architecture });
    writeControl({ root, folder, version, architecture });
    makeReadable(folder);
    const target = join(output, `bcat-backup_${version}_${debianNames[architecture]}.deb`);
    run("dpkg-deb", ["--root-owner-group", "-Zgzip", `-z${level}`, "--build", folder, target], {
      env: { SOURCE_DATE_EPOCH: String(time) },
    });
    return target;
  });
}

function layOutRoot({ root, folder, work, time, architecture }) {
  const files = join(root, "scripts/packages/debian");
  const program = join(folder, home);
  layOutWithNode({ root, folder: program, work, architecture });
  // Run at installation: what V8 compiles is never twice the same bytes.
  copy(join(root, "packages/cli/build/compile.cjs"), join(program, "build/compile.cjs"));
  writeFileSync(join(program, "build/package.json"), '{ "type": "commonjs" }\n');
  copy(join(files, "bcat"), join(folder, "usr/bin/bcat"));
  chmodSync(join(folder, "usr/bin/bcat"), 0o755);
  layOutManual({ root, share: join(folder, "usr/share"), work, time });
  for (const unit of ["bcat-backup.service", "bcat-backup.timer"])
    copy(join(files, unit), join(folder, "usr/lib/systemd/system", unit));
  copy(join(files, "backup.env.example"), join(folder, "etc/bcat/backup.env.example"));
  const about = join(folder, "usr/share/doc/bcat-backup");
  copy(join(root, "LICENSE"), join(about, "copyright"));
  for (const name of ["licenses", "dist/THIRD-PARTY-NOTICES.txt"])
    symlinkSync(`/${home}/${name}`, join(about, name.split("/").at(-1)));
}

function writeControl({ root, folder, version, architecture }) {
  const control = join(folder, "DEBIAN");
  mkdirSync(control);
  const installed = run("du", ["-sk", "--apparent-size", folder]).split("\t")[0];
  writeFileSync(
    join(control, "control"),
    `Package: bcat-backup
Version: ${version}
Architecture: ${debianNames[architecture]}
Maintainer: The bcat maintainers <maintainers@bcat-backup.invalid>
Installed-Size: ${installed}
Depends: ${depends}
Section: utils
Priority: optional
Description: content-addressed, deduplicating, encrypted backups
 bcat cuts files into chunks named by their content, stores each once, encrypts
 everything, and gives back any file of any snapshot. A folder or a bucket is a
 complete repository; there is no server, no database and there are no locks.
`,
  );
  writeFileSync(join(control, "conffiles"), "/etc/bcat/backup.env.example\n");
  for (const script of ["postinst", "prerm", "postrm"]) {
    cpSync(join(root, "scripts/packages/debian", script), join(control, script));
    chmodSync(join(control, script), 0o755);
  }
}

/** Whatever the umask, and whatever the modes in the packages of others. */
function makeReadable(path) {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return;
  chmodSync(path, stats.isDirectory() || (stats.mode & 0o100) !== 0 ? 0o755 : 0o644);
  if (stats.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name));
}
