export { openTahoeStorage, type TahoeStorageOptions, tahoeIdleTimeoutMs } from "./tahoe-storage.js";
