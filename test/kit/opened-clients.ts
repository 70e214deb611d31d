/** How many clients the test file at hand has opened: two of one name must not draw the same random bytes. */
let count = 0;

export function countClient(): number {
  return count++;
}

/** So that a test file draws the same whatever ran before it in its process. */
export function countAnew(): void {
  count = 0;
}
