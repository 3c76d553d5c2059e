import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LeaderSearch } from '../../src/kernel/index.js';

test('leader search: the next in turn after the one that was found', () => {
  const search = new LeaderSearch();
  search.found(3);
  search.next(5);
  expect(search.target).toBe(4);
  search.next(5);
  expect(search.target).toBe(0);
});

test('leader search: a hint does not move the place of the round', () => {
  const search = new LeaderSearch();
  search.found(5);
  expect(search.follow(5, 2, 7)).toBe(true);
  expect(search.target).toBe(2);
  search.next(7);
  expect(search.target).toBe(6);
});

test('leader search: nobody, oneself and strangers are no hints', () => {
  const search = new LeaderSearch();
  search.found(1);
  expect([search.follow(1, -1, 3), search.follow(1, 1, 3), search.follow(1, 3, 3)]).toEqual([
    false,
    false,
    false,
  ]);
  expect(search.target).toBe(1);
});

test('leader search: whatever stale hints say, every server is asked again and again', () => {
  const servers = 7;
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1, max: servers - 1 }), { minLength: servers, maxLength: servers }),
      fc.nat(servers - 1),
      (hints, first) => {
        const search = new LeaderSearch();
        search.found(first);
        const asked = new Set<number>();
        // At most so many hints between two places of the round.
        for (let i = 0; i < servers * (servers + 1); i++) {
          asked.add(search.target);
          const hint = hints[search.target] as number;
          if (!search.follow(search.target, hint, servers)) search.next(servers);
        }
        expect(asked.size).toBe(servers);
      },
    ),
  );
});
