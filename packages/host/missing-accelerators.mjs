/** Run by `npm ci` after the build: says in one line which accelerators did not install, and nothing when all did. */
import { describeMissing, loadAccelerated, missingAccelerators } from "./dist/accelerated.js";

const missing = missingAccelerators(await loadAccelerated("auto"));
if (missing.length > 0) console.log(`bcat: accelerators not installed: ${describeMissing(missing)}`);
