import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExecutedRequests, executedDigest } from '../../../src/protocols/pbft/executed.js';
import { PendingRequests, type PendingRequest } from '../../../src/protocols/pbft/pending.js';
import { request } from './fixtures.js';

const CLIENTS = 3;
const MOST = 40;

describe('pbft executed requests', () => {
  it('are known by client and sequence, and survive being encoded', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.nat(CLIENTS), fc.integer({ min: 1, max: 128 })), {
          selector: ([client, sequence]) => client * 1000 + sequence,
        }),
        (requests) => {
          const executed = new ExecutedRequests();
          requests.forEach(([client, sequence], i) => executed.note(client, sequence, i + 1));
          const restored = new ExecutedRequests();
          restored.restore(JSON.parse(JSON.stringify(executed.encode())) as number[][]);
          requests.forEach(([client, sequence], i) => {
            expect(restored.indexOf(client, sequence)).toBe(i + 1);
          });
          expect(restored.indexOf(0, 129)).toBe(0);
          expect(restored.encode()).toEqual(executed.encode());
        },
      ),
    );
  });

  it('have one digest each, however large their numbers are', () => {
    const [low, high, index] = [133, 7, 42];
    const large = executedDigest([[8, low + high * 2 ** 32, index]]);
    expect(executedDigest([[8, low, high + index * 2 ** 32]])).not.toBe(large);
  });

  it('an older one gives way to a newer one, never the other way round', () => {
    const executed = new ExecutedRequests();
    executed.note(1, 200, 7);
    executed.note(1, 72, 9);
    expect([executed.indexOf(1, 200), executed.indexOf(1, 72)]).toEqual([7, 0]);
    expect([328, 200, 72, 73].map((sequence) => executed.isPast(1, sequence))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});

type Step = readonly ['add' | 'done' | 'take' | 'view' | 'clone', number, number];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom<Step[0][]>('add', 'add', 'add', 'done', 'take', 'view', 'clone'),
  fc.nat(CLIENTS - 1),
  fc.integer({ min: 1, max: MOST }),
);

describe('pbft pending requests', () => {
  it('are waited for no more once a later one in their place is executed', () => {
    const pending = new PendingRequests();
    pending.add(request(5, 'x', 1), 0);
    pending.add(request(6, 'x', 1), 0);
    pending.executed(1, 133);
    expect([pending.find(1, 5), pending.size]).toEqual([undefined, 1]);
    pending.add(request(134, 'x', 1), 0);
    pending.executed(1, 6);
    expect(pending.find(1, 134)).toBeDefined();
  });

  it('take no more room the longer requests come and go, with one that always waits', () => {
    const pending = new PendingRequests();
    for (let i = 1; i <= 10_000; i++) {
      pending.add(request(i, 'x', 1), 0);
      pending.takeUnordered();
      if (i > 1) pending.executed(1, i - 1);
    }
    expect((pending as unknown as { readonly queue: readonly unknown[] }).queue.length).toBeLessThan(1000);
    expect([pending.size, pending.waiting]).toEqual([1, 0]);
  });

  it('are a queue from which any may go', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        let pending = new PendingRequests();
        let naive: { client: number; sequence: number; isOrdered: boolean }[] = [];
        const find = (client: number, sequence: number): PendingRequest | undefined =>
          pending.find(client, sequence);
        for (const [what, client, sequence] of steps) {
          const known = naive.find((other) => other.client === client && other.sequence === sequence);
          switch (what) {
            case 'add':
              if (known !== undefined) break;
              pending.add(request(sequence, 'x', client), 0);
              naive.push({ client, sequence, isOrdered: false });
              break;
            case 'done': {
              const present = find(client, sequence);
              expect(present !== undefined).toBe(known !== undefined);
              if (present !== undefined) pending.done(present);
              naive = naive.filter((other) => other !== known);
              break;
            }
            case 'take': {
              const next = naive.find(({ isOrdered }) => !isOrdered);
              const taken = pending.takeUnordered()?.request.command;
              expect([taken?.client, taken?.sequence]).toEqual([next?.client, next?.sequence]);
              if (next !== undefined) next.isOrdered = true;
              break;
            }
            case 'view':
              pending.beginView();
              for (const other of naive) other.isOrdered = false;
              break;
            case 'clone':
              pending = pending.clone();
          }
          expect([pending.size, pending.waiting]).toEqual([
            naive.length,
            naive.filter(({ isOrdered }) => !isOrdered).length,
          ]);
          const oldest = pending.oldest()?.request.command;
          expect([oldest?.client, oldest?.sequence]).toEqual([naive[0]?.client, naive[0]?.sequence]);
        }
      }),
    );
  });
});
