/** A folder that runs where it is put: the program, a Node, the native parts, manual and completions. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packFolder } from "./tar.mjs";
import { copy, layOutManual, layOutWithNode } from "./with-node.mjs";

/** Found also through links, such as ~/bin/bcat. */
const launcher = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
exec "$here/../lib/node" "$here/../lib/bin/bcat.js" "$@"
`;

/** Returns the paths of the tarballs. */
export function makeStandalone({ root, output, work, time, version, architectures, level }) {
  return architectures.map((architecture) => {
    const name = `bcat-${version}-linux-${architecture}`;
    const folder = join(work, name);
    layOutWithNode({ root, folder: join(folder, "lib"), work, architecture });
    layOutManual({ root, share: join(folder, "share"), work, time });
    for (const file of ["README.md", "LICENSE"]) copy(join(folder, "lib", file), join(folder, file));
    copy(join(folder, "lib/bin/bcat.js"), join(folder, "bin/bcat"));
    writeFileSync(join(folder, "bin/bcat"), launcher);
    chmodSync(join(folder, "bin/bcat"), 0o755);
    return packFolder({ folder, target: join(output, `${name}.tar.gz`), time, level });
  });
}
