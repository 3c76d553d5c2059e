/** How the JavaScript engine is asked to treat simulations. Nothing here changes what a run computes. */

import { setFlagsFromString } from 'node:v8';

/**
 * A run goes through several hundred small functions, none of which stands out. V8 stops inlining them when a
 * caller has taken in 920 bytes of bytecode, long before an event's way is one piece of code. With a larger
 * budget the same runs took 8 % less CPU time, over pairs of rounds side by side; a still larger one gained nothing.
 */
const INLINED_BYTECODE_BYTES = 2000;

/** To be called before the first run of a process; its worker threads go by the same flags. */
export function tuneEngine(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE_BYTES}`);
}
