// Loaded into a measured process by `--import`: writes its largest resident size in bytes when it exits. getrusage(2)
// counts in KiB and covers all threads, so nothing is missed between two looks.
import { writeFileSync } from "node:fs";

const { BCAT_TEST_PEAK_FILE } = process.env;
if (BCAT_TEST_PEAK_FILE !== undefined) {
  process.on("exit", () => writeFileSync(BCAT_TEST_PEAK_FILE, String(process.resourceUsage().maxRSS * 1024)));
}
