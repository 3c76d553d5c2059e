/**
 * Lists that slide: the items of another one without some at its beginning, and new ones at its end. Whoever has worked
 * something out for each item of the one takes it over for the other, and looks at what is new alone: to see that two
 * references are the same an engine looks at what they refer to, and in a table of a state that costs more than all
 * else that is done with it.
 *
 * Names stand for lists: a list that held on to the one that it came from would hold on to all before that.
 */

import type { Plain } from './plain.js';

/** How a list came about. `from`: name of the list whose items it has, but for so many at the beginning. */
export interface Slide {
  readonly name: object;
  readonly from: object | undefined;
  readonly dropped: number;
}

/** Where a list has it: no member for whoever lists those, and no more work for a collector, as a table of lists is. */
const SLIDE = Symbol('slide');

interface Slid {
  readonly [SLIDE]?: Slide;
}

/** The list without so many items at its beginning, and with those at its end. Nobody may change it. */
export function slide<T extends Plain>(
  list: readonly T[],
  dropped: number,
  added: readonly T[],
): readonly T[] {
  // To push them one by one would make room for as many again.
  const items = (dropped === 0 ? list : list.slice(dropped)).concat(added);
  const value: Slide = { name: {}, from: slideOf(list)?.name, dropped: Math.min(dropped, list.length) };
  Object.defineProperty(items, SLIDE, { value });
  return items;
}

/** Undefined: {@link slide} has not made this list. */
export function slideOf(list: readonly Plain[]): Slide | undefined {
  return (list as Slid)[SLIDE];
}
