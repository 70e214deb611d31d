import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./empty-root.mjs";
import { checkLeft, filesIn, goOn, roundTrip, version } from "./round-trip.mjs";

const own = [/^\/srv\/repository\//, /^\/root\/\.cache\/bcat\//, /^\/home\/me\//];

export function debCases({ root, packages }) {
  copyFileSync(packages.deb, join(root, "tmp/bcat.deb"));
  copyFileSync(packages.later, join(root, "tmp/later.deb"));
  const before = filesIn(root);
  inRoot(root, "dpkg --install /tmp/bcat.deb");
  assert.match(version(root), /^bcat \S+ on Node\.js v24\.[\s\S]*blake3 +blake-hash\n[\s\S]*posix +koffi/);
  assert.match(inRoot(root, "ls /usr/lib/bcat/dist"), /bcat\.cjs\.v24/);
  assert.match(inRoot(root, "ls /usr/share/man/man1"), /^bcat-backup\.1\.gz\n[\s\S]*^bcat\.1\.gz$/m);
  const completions = [
    "bash-completion/completions/bcat",
    "zsh/vendor-completions/_bcat",
    "fish/vendor_completions.d/bcat.fish",
  ];
  for (const place of completions) inRoot(root, `grep -q bcat /usr/share/${place}`);
  roundTrip(root);
  inRoot(root, "cp /etc/bcat/backup.env.example /etc/bcat/backup.env");
  inRoot(root, "dpkg --install /tmp/later.deb");
  goOn(root);
  inRoot(root, "dpkg --remove bcat-backup");
  inRoot(root, "dpkg --purge bcat-backup");
  checkLeft(root, before, [...own, /^\/etc\/bcat\/backup\.env$/]);
  console.log("deb: installed, used, upgraded, removed");
}
