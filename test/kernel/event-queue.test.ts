import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from '../../src/kernel/index.js';

interface Entry {
  time: number;
  target: number;
  source: number;
}

const entries = fc.array(fc.record({ time: fc.nat(20), target: fc.nat(3), source: fc.nat(3) }), {
  maxLength: 600,
});

function pushAll(queue: EventQueue, list: readonly Entry[]): void {
  list.forEach((entry, i) => queue.push(entry.time, 1, entry.target, entry.source, i, 0, 0, `payload ${i}`));
}

/** The naive oracle: sort by time, then by target, source and per-source count. */
function oracle(list: readonly Entry[]): number[] {
  const counts = new Map<number, number>();
  const keyed = list.map((entry, position) => {
    const count = counts.get(entry.source) ?? 0;
    counts.set(entry.source, count + 1);
    return { ...entry, count, position };
  });
  keyed.sort((a, b) => a.time - b.time || a.target - b.target || a.source - b.source || a.count - b.count);
  return keyed.map((entry) => entry.position);
}

function drain(queue: EventQueue): number[] {
  const order: number[] = [];
  while (queue.size > 0) order.push(queue.first[queue.pop()] as number);
  return order;
}

describe('event queue', () => {
  it('pops in the order of (time, target, source, per-source count), whatever the order of pushes', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const queue = new EventQueue();
        pushAll(queue, list);
        expect(drain(queue)).toEqual(oracle(list));
      }),
    );
  });

  it('keeps its order when pushes and pops alternate', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(50)), { maxLength: 400 }), (steps) => {
        const queue = new EventQueue();
        let pending: number[] = [];
        for (const step of steps) {
          if (step !== null) {
            queue.push(step, 0, 0, 0, 0, 0, 0, null);
            pending.push(step);
          } else if (pending.length > 0) {
            queue.pop();
            const least = Math.min(...pending);
            expect(queue.poppedTime).toBe(least);
            pending = pending.filter((_, i) => i !== pending.indexOf(least));
          }
        }
        expect(queue.size).toBe(pending.length);
      }),
    );
  });

  it('an extra event of one source does not change the order of the others', () => {
    fc.assert(
      fc.property(entries, (list) => {
        const plain = new EventQueue();
        const others = list.filter((entry) => entry.source !== 3);
        pushAll(plain, others);
        const disturbed = new EventQueue();
        others.forEach((entry, i) => {
          disturbed.push(entry.time, 1, entry.target, 3, -1, 0, 0, null);
          disturbed.push(entry.time, 1, entry.target, entry.source, i, 0, 0, null);
        });
        expect(drain(disturbed).filter((position) => position >= 0)).toEqual(drain(plain));
      }),
    );
  });

  it('a clone pops the same and is independent', () => {
    fc.assert(
      fc.property(entries, fc.nat(100), (list, popped) => {
        const queue = new EventQueue();
        pushAll(queue, list);
        for (let i = 0; i < Math.min(popped, list.length); i++) queue.pop();
        const copy = queue.clone();
        const ordered = copy.ordered().map(({ slot }) => copy.first[slot]);
        expect(drain(queue)).toEqual(ordered);
        expect(drain(copy)).toEqual(ordered);
      }),
    );
  });

  it('removes any entry and keeps the order of the rest', () => {
    fc.assert(
      fc.property(entries, fc.nat(), (list, choice) => {
        fc.pre(list.length > 0);
        const queue = new EventQueue();
        pushAll(queue, list);
        const victim = choice % list.length;
        const slot = queue.ordered().find((entry) => queue.first[entry.slot] === victim)?.slot as number;
        queue.removeSlot(slot);
        expect(drain(queue)).toEqual(oracle(list).filter((position) => position !== victim));
      }),
    );
  });
});
