export { type HttpStorageOptions, openHttpStorage } from "./http-storage.js";
