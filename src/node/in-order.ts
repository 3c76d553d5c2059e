/** Work done side by side, answered in order. */

/**
 * Starts `work` for at most `limit` items at a time, and yields the results in the order of the items. An item is
 * asked for when there is room for it.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item>,
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  const iterator = items[Symbol.iterator]();
  let isOver = false;
  for (;;) {
    while (!isOver && underWay.length < limit) {
      const next = iterator.next();
      if (next.done === true) {
        isOver = true;
        break;
      }
      const result = work(next.value);
      // It is awaited in its turn; until then a failure must not count as unhandled.
      result.catch(() => undefined);
      underWay.push(result);
    }
    const first = underWay.shift();
    if (first === undefined) return;
    yield await first;
  }
}
