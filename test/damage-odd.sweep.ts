/** As damage.sweep.ts: the cases of odd number. */
import { sweepHalf } from "./damage/half.js";

sweepHalf(1);
