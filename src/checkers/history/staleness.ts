/** How stale reads were: figures, not a verdict. */

import { type RecordedOperation, textOf } from './recorded.js';
import { withHighestBefore } from './sweep.js';

/**
 * Reads of `read`/`write` histories, key by key: how many there were, and how many returned a version although
 * another write, begun after that version's write had returned, had itself returned before the read was called.
 */
export function measureStaleness(
  keys: Iterable<readonly RecordedOperation[]>,
): Readonly<Record<'reads' | 'staleReads', number>> {
  let reads = 0;
  let stale = 0;
  for (const operations of keys) {
    const returns = new Map<string, number>([['null', -1]]);
    for (const { f, input, return: returned } of operations)
      if (f === 'write') returns.set(textOf(input), returned);
    const done = (word: string) => operations.filter(({ f, outcome }) => f === word && outcome === 'ok');
    const callOf = ({ call }: RecordedOperation): number => call;
    const sweep = {
      earlier: done('write'),
      returnOf: (write: RecordedOperation) => write.return,
      rankOf: callOf,
      later: done('read'),
      callOf,
    };
    withHighestBefore(sweep, (read, latest) => {
      reads += 1;
      if ((returns.get(textOf(read.output)) ?? Infinity) < (latest?.call ?? -1)) stale += 1;
    });
  }
  return { reads, staleReads: stale };
}
