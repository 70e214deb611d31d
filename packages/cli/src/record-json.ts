/** Records of a repository as JSON: bytes are hexadecimal, but for those of paths, which are text. */
import { bytesField } from "./json.js";

/** What is undefined is left out. */
export function recordJson(record: object): string {
  return JSON.stringify(plainOf(record), undefined, 2);
}

function plainOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(plainOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.assign({}, ...Object.entries(value).map(([name, field]) => fieldOf(name, field)));
}

function fieldOf(name: string, value: unknown): object {
  if (name === "path" && value instanceof Uint8Array) return bytesField("path", value);
  return { [name]: plainOf(value) };
}
