/** What a repository takes: bytes and number of its files. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

export function folderSize(folder) {
  const size = { bytes: 0, objects: 0 };
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      const inner = folderSize(path);
      size.bytes += inner.bytes;
      size.objects += inner.objects;
    } else {
      size.bytes += statSync(path).size;
      size.objects++;
    }
  }
  return size;
}
