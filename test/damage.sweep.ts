/** Every byte of a small repository flipped, every object cut, removed, swapped: the cases of even number. */
import { sweepHalf } from "./damage/half.js";

sweepHalf(0);
