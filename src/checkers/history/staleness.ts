/** How stale reads were: figures, not a verdict. */

import { type RecordedOperation, textOf } from './recorded.js';

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
    const writes = operations
      .filter(({ f, outcome }) => f === 'write' && outcome === 'ok')
      .sort((a, b) => a.return - b.return);
    const sorted = operations
      .filter(({ f, outcome }) => f === 'read' && outcome === 'ok')
      .sort((a, b) => a.call - b.call);
    let next = 0;
    let latestCall = -1;
    for (const read of sorted) {
      for (; next < writes.length; next++) {
        const write = writes[next] as RecordedOperation;
        if (write.return >= read.call) break;
        latestCall = Math.max(latestCall, write.call);
      }
      reads += 1;
      if ((returns.get(textOf(read.output)) ?? Infinity) < latestCall) stale += 1;
    }
  }
  return { reads, staleReads: stale };
}
