/** Fifos, sockets and devices of the source, which are nodes without content. */
import { FileType, type Stat } from "@bcat/posix";
import { type NodeToWrite, NodeType } from "../tree/node.js";

const TYPES: ReadonlyMap<number, NodeType> = new Map([
  [FileType.CHARACTER, NodeType.characterDevice],
  [FileType.BLOCK, NodeType.blockDevice],
  [FileType.FIFO, NodeType.fifo],
  [FileType.SOCKET, NodeType.socket],
]);

/** Which device one stands for, as the payload of its row: two u32, major and minor; zeros for what is no device. */
export function encodeDevice({ specialMajor, specialMinor }: Stat): Uint8Array {
  return new Uint8Array(Uint32Array.of(specialMajor, specialMinor).buffer);
}

/** What makes a node that of a special file. @param device as {@link encodeDevice} has made it */
export function specialNode(type: number, device: Uint8Array): Pick<NodeToWrite, "type" | "major" | "minor"> {
  const nodeType = TYPES.get(type);
  if (nodeType === undefined) throw new RangeError(`Cannot write an entry of type ${type} as a special file`);
  if (type !== FileType.CHARACTER && type !== FileType.BLOCK) return { type: nodeType };
  const [major = 0, minor = 0] = new Uint32Array(device.slice().buffer);
  return { type: nodeType, major, minor };
}
