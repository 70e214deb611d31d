/** mknodat(2): fifos, and with privileges device nodes and sockets that nobody listens to. */
import { type CallText, isInterrupted } from "./call-text.js";
import type { Libc } from "./libc.js";
import type { Posix } from "./posix.js";
import { FileType } from "./stat.js";

/** S_IFMT of what can be made. */
const FORMAT: ReadonlyMap<number, number> = new Map([
  [FileType.FIFO, 0o010000],
  [FileType.CHARACTER, 0o020000],
  [FileType.BLOCK, 0o060000],
  [FileType.SOCKET, 0o140000],
]);

/** Undefined where the C library has no such function: glibc before 2.33. */
export function nodeMaker(libc: Libc, text: CallText): Posix["makeNodeAt"] {
  const { mknodat } = libc;
  if (mknodat === undefined) return undefined;
  return (directory, name, node) => {
    const format = FORMAT.get(node.type);
    if (format === undefined) throw new RangeError(`Cannot make a node of type ${node.type}`);
    text.putName(directory, name, "mknodat");
    const device = packDevice(node.major ?? 0, node.minor ?? 0);
    while (mknodat(directory.fd, text.at, format | node.mode, device) < 0)
      isInterrupted(libc, "mknodat", { directory, name });
  };
}

/** As makedev(3) of glibc and musl: 32 bits each, in parts. */
function packDevice(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return (low & 0xffn) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | ((high & ~0xfffn) << 32n);
}
