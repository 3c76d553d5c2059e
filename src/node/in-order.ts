/** Work done side by side, answered in order. */

/** Starts `work` for at most `limit` items at a time, and yields the results in the order of the items. */
export async function* inOrder<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  let next = 0;
  while (next < items.length || underWay.length > 0) {
    while (next < items.length && underWay.length < limit) {
      const result = work(items[next++] as Item);
      // It is awaited in its turn; until then a failure must not count as unhandled.
      result.catch(() => undefined);
      underWay.push(result);
    }
    yield await (underWay.shift() as Promise<Result>);
  }
}
