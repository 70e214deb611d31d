export { ByteReader } from "./byte-reader.js";
export { ByteWriter } from "./byte-writer.js";
export {
  type DecodedRecord,
  decodeRecord,
  encodeRecord,
  type Field,
  type FieldRule,
  type RecordLayout,
  readFields,
  selectFields,
} from "./record.js";
