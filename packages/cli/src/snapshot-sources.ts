/** What a snapshot was made of, as somebody would name it again. */
import { sourcePathBytes } from "@bcat/host";
import type { SnapshotInfo } from "@bcat/snapshot";

/** One that was a folder is meant as one, also where a link leads to it. */
export async function sourcesOfSnapshot(info: SnapshotInfo): Promise<Uint8Array[]> {
  const { NodeType, recordedInnerSources, rootEntries } = await import("@bcat/snapshot");
  const roots = rootEntries(info).map(({ path, node }) =>
    node.type === NodeType.directory ? sourcePathBytes(Buffer.concat([path, Buffer.from("/")])) : path,
  );
  return [...roots, ...recordedInnerSources(info.snapshot.options)];
}
