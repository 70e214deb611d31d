/** Run before each test file of a package in `npm test`: properties are tried a tenth as often as in `npm run sweep`. */
import { configureGlobal } from "fast-check";

configureGlobal({ numRuns: 10 });
