/** The agreed order remembers all that may still be applied, and forgets the rest. */

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { AgreedOrder, PLACES_BEHIND_MAX } from '../../../src/checkers/any/agreed-order.js';
import { makeEntry } from '../../../src/protocols/raft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { Stage } from '../stage.js';

const SERVERS = 3;
const C1 = SERVERS;

function apply(order: AgreedOrder, index: number, client = C1, sequence = index): void {
  const command = makeCommand(client, sequence, { op: 'get', key: 'k' });
  order.applied(0, { index, hash: index * 7, digest: index * 11, command }, index * 10);
}

describe('an order that is pruned', () => {
  it('answers as before about what it kept, and as if the rest had never been, copies included', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 8 }), fc.boolean(), (cuts, isCopied) => {
        let order = new AgreedOrder(SERVERS);
        let next = 1;
        let base = 1;
        for (const cut of cuts) {
          for (const end = next + 20; next < end; next++) apply(order, next, C1 + (next % 3));
          order.prune(cut);
          base = Math.max(base, Math.min(cut, next));
          if (isCopied) order = order.clone();
          expect(order.base).toBe(base);
          for (let index = 1; index < next; index++) {
            const isKept = index >= base;
            expect(order.knows(index)).toBe(isKept);
            expect(order.hashAt(index)).toBe(isKept ? index * 7 : 0);
            expect(order.indexOf(C1 + (index % 3), index)).toBe(isKept ? index : 0);
            // Of the place right below the base, the time is still known.
            expect(order.lastAt(index * 10 + 5)).toBe(index >= base - 1 ? index : 0);
          }
        }
      }),
    );
  });

  it('counts what is applied below its base, and learns nothing from it', () => {
    const order = new AgreedOrder(SERVERS);
    for (let index = 1; index <= 10; index++) apply(order, index);
    order.prune(8);
    order.started(1);
    order.applied(1, { index: 1, hash: 99, digest: 99, command: undefined }, 500);
    expect(order.unjudged).toBe(1);
    expect(order.last).toBe(10);
    expect(order.appliedBy[1]).toBe(1);
  });

  it('is covered up to the lowest of the snapshots, but for a server that stays far behind', () => {
    const order = new AgreedOrder(SERVERS);
    expect(order.coveredIndex).toBe(0);
    order.snapshotSaved(0, 500);
    expect(order.coveredIndex).toBe(500);
    order.snapshotSaved(1, 300);
    order.snapshotSaved(1, 200);
    expect(order.coveredIndex).toBe(300);
    order.snapshotSaved(0, 400 + PLACES_BEHIND_MAX);
    expect(order.coveredIndex).toBe(400);
  });
});

const install = (stage: Stage, server: number, index: number, digest: number): void =>
  stage.emit(server, { kind: 'snapshot-installed', index, term: 1, digest, received: true });

function appliedByZero(stage: Stage, places: number): void {
  for (let index = 1; index <= places; index++) stage.apply(0, makeEntry(index, 1, 0, undefined), index);
}

describe('a snapshot', () => {
  test('takes a server to its place, from where it goes on', () => {
    const stage = new Stage(SERVERS, 'mine');
    appliedByZero(stage, 5);
    install(stage, 1, 4, 4);
    stage.apply(1, makeEntry(5, 1, 0, undefined), 5);
    expect(stage.sink.violation).toBeUndefined();
  });

  test('of something that nobody has applied is caught', () => {
    const stage = new Stage(SERVERS, 'mine');
    appliedByZero(stage, 5);
    install(stage, 1, 6, 6);
    expect(stage.sink.violation?.invariant).toBe('any/apply-order');
  });

  test('that takes a running server back is caught', () => {
    const stage = new Stage(SERVERS, 'mine');
    appliedByZero(stage, 5);
    install(stage, 0, 4, 4);
    expect(stage.sink.violation?.invariant).toBe('any/apply-order');
  });

  test('of another state is caught', () => {
    const stage = new Stage(SERVERS, 'mine');
    appliedByZero(stage, 5);
    install(stage, 1, 4, 5);
    expect(stage.sink.violation?.invariant).toBe('any/state-digest');
  });
});
