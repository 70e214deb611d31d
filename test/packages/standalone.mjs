import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./empty-root.mjs";
import { checkLeft, filesIn, goOn, roundTrip, version } from "./round-trip.mjs";

const install = `
  rm -rf /opt/bcat /usr/local/bin/bcat && mkdir -p /opt/bcat /usr/local/bin
  tar -xzf /tmp/bcat.tar.gz -C /opt/bcat --strip-components 1
  ln -s /opt/bcat/bin/bcat /usr/local/bin/bcat`;

export function standaloneCases({ root, packages }) {
  copyFileSync(packages.standalone, join(root, "tmp/bcat.tar.gz"));
  const before = filesIn(root);
  inRoot(root, install);
  assert.match(version(root), /^bcat \S+ on Node\.js v24\.[\s\S]*blake3 +blake-hash\n[\s\S]*posix +koffi/);
  roundTrip(root);
  inRoot(root, install);
  goOn(root);
  inRoot(root, "rm -r /opt/bcat /usr/local/bin/bcat");
  checkLeft(root, before, [/^\/srv\/repository\//, /^\/root\/\.cache\/bcat\//, /^\/home\/me\//]);
  console.log("standalone: installed, used, upgraded, removed");
}
