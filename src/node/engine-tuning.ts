/** How the JavaScript engine is asked to treat simulations. Nothing here changes what a run computes. */

import { setFlagsFromString } from 'node:v8';

/**
 * How much bytecode a function may take in from those that it calls when it is compiled. A run goes through several
 * hundred small functions, and those that change their shape of data are compiled ten times over. With V8's own
 * budget (920) and a larger one, compiling is most of what the first ten seconds of CPU time go to. Over the first
 * 60 seeds of `pbft/swarm` 400 took 11 % less CPU time than 920 and 27 % less than 2000; over 4,000 seeds of
 * `raft/swarm` there was no difference that could be measured.
 */
const INLINED_BYTECODE_BYTES = 400;

/** To be called before the first run of a process; its worker threads go by the same flags. */
export function tuneEngine(): void {
  setFlagsFromString(`--max-inlined-bytecode-size-cumulative=${INLINED_BYTECODE_BYTES}`);
}
