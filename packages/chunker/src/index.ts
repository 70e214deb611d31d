export { type Cutter, createCutter } from "./cutter.js";
export { decodeGear } from "./gear.js";
export {
  CHUNK_SIZE_MAX,
  type ChunkerSettings,
  DEFAULT_CHUNKER,
  DEFAULT_FIXED_CHUNKER,
  validateSettings,
} from "./settings.js";
