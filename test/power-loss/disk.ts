/**
 * A disk in memory as a program sees it: files, directories, names. Every change is an {@link Effect}, so that what a
 * power loss leaves can be made by applying some of them to an earlier state.
 */

/** Numbers of files and directories; the root directory is the first. */
export type NodeId = number;
export const rootId: NodeId = 0;

export interface FileNode {
  readonly kind: "file";
  bytes: Uint8Array;
  mode: number;
}

export interface DirectoryNode {
  readonly kind: "directory";
  readonly names: Map<string, NodeId>;
  mode: number;
}

export type DiskNode = FileNode | DirectoryNode;

export type Effect =
  | { readonly kind: "make"; readonly node: NodeId; readonly is: DiskNode["kind"]; readonly mode: number }
  /** A name in a directory means this node from now on, or nothing. */
  | { readonly kind: "name"; readonly directory: NodeId; readonly name: string; readonly node: NodeId | undefined }
  | { readonly kind: "write"; readonly node: NodeId; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: "mode"; readonly node: NodeId; readonly mode: number }
  /** Changes nothing that a program sees: all before it, to this node, is durable. */
  | { readonly kind: "sync"; readonly node: NodeId };

export class Disk {
  readonly nodes = new Map<NodeId, DiskNode>([[rootId, { kind: "directory", names: new Map(), mode: 0o700 }]]);

  clone(): Disk {
    const copy = new Disk();
    for (const [id, node] of this.nodes)
      copy.nodes.set(id, node.kind === "file" ? { ...node } : { ...node, names: new Map(node.names) });
    return copy;
  }

  apply(effect: Effect): void {
    if (effect.kind === "make") this.nodes.set(effect.node, made(effect));
    else if (effect.kind === "name") this.#name(effect.directory, effect.name, effect.node);
    else if (effect.kind === "write") this.#write(effect.node, effect.offset, effect.bytes);
    else if (effect.kind === "mode") this.nodes.get(effect.node)!.mode = effect.mode;
  }

  directory(id: NodeId): DirectoryNode {
    return this.nodes.get(id) as DirectoryNode;
  }

  file(id: NodeId): FileNode {
    return this.nodes.get(id) as FileNode;
  }

  #name(directory: NodeId, name: string, node: NodeId | undefined): void {
    const { names } = this.directory(directory);
    if (node === undefined) names.delete(name);
    else names.set(name, node);
  }

  /** Bytes are replaced, never changed: clones share them. */
  #write(id: NodeId, offset: number, bytes: Uint8Array): void {
    const file = this.file(id);
    const grown = new Uint8Array(Math.max(file.bytes.length, offset + bytes.length));
    grown.set(file.bytes);
    grown.set(bytes, offset);
    file.bytes = grown;
  }
}

function made({ is, mode }: { is: DiskNode["kind"]; mode: number }): DiskNode {
  return is === "file" ? { kind: is, bytes: new Uint8Array(0), mode } : { kind: is, names: new Map(), mode };
}
