/** The contracts of reads that are not ordered: what breaks them is found, what keeps them is accepted. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VERSIONS_KEPT } from '../../../src/checkers/any/key-versions.js';
import type { ReadMode } from '../../../src/kernel/index.js';
import { makeEntry } from '../../../src/protocols/raft/index.js';
import { createService, makeCommand } from '../../../src/services/index.js';
import { kvOperation } from '../../services/arbitraries.js';
import { Stage } from '../stage.js';

const C1 = 3;
const C2 = 4;
const put = (value: string) => ({ op: 'put', key: 'k', value });

/** A stage on which C1 wrote v1 … vN at places 1 … N, or from a later one on, and was answered each time. */
function written(count: number, stage = new Stage(3, 'mine'), from = 1): Stage {
  for (let index = from; index <= count; index++) {
    const input = put(`v${index}`);
    stage.invoke(C1, index, input);
    stage.apply(0, makeEntry(index, 1, 0, makeCommand(C1, index, input)));
    stage.answer(C1, index, input, { ok: true }, index);
  }
  return stage;
}

describe('read-freshness:', () => {
  test.each(['read-index', 'lease', 'follower'] as const)(
    'a %s read is as new as any answer before it',
    (mode) => {
      const stage = written(2);
      stage.read(C2, 1, mode, 2, 'v2');
      expect(stage.violated).toBeUndefined();
      stage.read(C2, 2, mode, 1, 'v1');
      expect(stage.sink.violation).toEqual({
        invariant: 'any/read-freshness',
        message: `${mode} read 2 of c2 was answered at index 1, but an operation had been answered at index 2 before it was invoked`,
      });
    },
  );

  test('what is answered after a read was invoked, it need not show', () => {
    const stage = written(1);
    stage.invokeRead(C2, 1, 'read-index');
    written(2, stage, 2);
    stage.answerRead(C2, 1, 'read-index', 1, 'v1');
    expect(stage.violated).toBeUndefined();
  });

  test('answers to reads count as well, and reads of other modes may be old', () => {
    const stage = written(2);
    stage.read(C1, 3, 'stale', 1, 'v1');
    stage.read(C2, 1, 'session', 1, 'v1');
    stage.apply(0, makeEntry(3, 1, 0, makeCommand(C2, 9, put('v3'))));
    stage.read(C2, 2, 'follower', 3, 'v3');
    expect(stage.violated).toBeUndefined();
    stage.read(C1, 4, 'lease', 2, 'v2');
    expect(stage.violated).toBe('any/read-freshness');
  });

  test('a protocol that names no place is not judged', () => {
    const stage = written(2);
    stage.read(C2, 1, 'lease', 0, 'nonsense');
    expect(stage.violated).toBeUndefined();
  });
});

describe('session-reads:', () => {
  test('what another client has seen does not bind, what this one read does', () => {
    const stage = written(3);
    stage.read(C2, 1, 'session', 1, 'v1');
    stage.read(C2, 2, 'stale', 3, 'v3');
    expect(stage.violated).toBeUndefined();
    stage.read(C2, 3, 'session', 2, 'v2');
    expect(stage.sink.violation).toEqual({
      invariant: 'any/session-reads',
      message:
        'session read 3 of c2 was answered at index 2, but c2 had been answered at index 3 before it invoked it',
    });
  });

  test('two session reads at a time bind only what comes after both', () => {
    const stage = written(3);
    stage.invokeRead(C2, 1, 'session');
    stage.invokeRead(C2, 2, 'session');
    stage.answerRead(C2, 2, 'session', 3, 'v3');
    stage.answerRead(C2, 1, 'session', 1, 'v1');
    expect(stage.violated).toBeUndefined();
  });
});

describe('read-prefix:', () => {
  test('a server that answers at a place which nobody has applied is caught', () => {
    const stage = written(2);
    stage.read(C2, 1, 'stale', 3, 'v2');
    expect(stage.sink.violation?.message).toBe(
      'stale read 1 of c2 was answered at index 3 for key "k", but no server has applied anything beyond index 2',
    );
  });

  test('a wrong value is reported with the right one', () => {
    const stage = written(2);
    stage.read(C2, 1, 'stale', 1, null);
    expect(stage.sink.violation?.message).toBe(
      'stale read 1 of c2 was answered at index 1 for key "k" with null, but there the key holds "v1"',
    );
  });

  test('the last versions are remembered; what is older is counted and not judged', () => {
    const stage = written(VERSIONS_KEPT + 2);
    stage.read(C2, 1, 'stale', 3, 'v3');
    stage.read(C2, 2, 'stale', 2, 'nonsense');
    expect(stage.violated).toBeUndefined();
    expect(stage.checkers.unjudged().reads).toBe(1);
    stage.read(C2, 3, 'stale', 3, 'nonsense');
    expect(stage.violated).toBe('any/read-prefix');
  });

  test('a command of which it is open whether it took effect leaves its key unjudged until the next write', () => {
    const stage = new Stage(3, 'mine');
    const inputs = [put('v1'), put('v2'), { op: 'append', key: 'k', value: 'x' }, put('v4')];
    // The second one leaves the digest as it was.
    inputs.forEach((input, i) => {
      stage.apply(0, makeEntry(i + 1, 1, 0, makeCommand(C1, i + 1, input)), [7, 7, 8, 9][i]);
    });
    for (const index of [2, 3]) stage.read(C2, index, 'stale', index, 'whatever');
    stage.read(C2, 4, 'stale', 1, 'v1');
    stage.read(C2, 5, 'stale', 4, 'v4');
    expect(stage.violated).toBeUndefined();
    expect(stage.checkers.unjudged().reads).toBe(2);
  });

  test('a repeated command takes no effect behind sessions, and takes it without them', () => {
    const append = makeCommand(C1, 1, { op: 'append', key: 'k', value: 'x' });
    const repeat = (hasSessions: boolean, digests: readonly number[]): Stage => {
      const stage = new Stage(3, 'mine', { hasSessions });
      for (const index of [1, 2]) stage.apply(0, makeEntry(index, 1, 0, append), digests[index - 1]);
      return stage;
    };
    const once = repeat(true, [7, 7]);
    once.read(C2, 1, 'stale', 2, 'x');
    const twice = repeat(false, [7, 8]);
    twice.read(C2, 1, 'stale', 2, 'xx');
    expect([once.violated, twice.violated]).toEqual([undefined, undefined]);
    once.read(C2, 2, 'stale', 2, 'xx');
    twice.read(C2, 2, 'stale', 2, 'x');
    expect([once.violated, twice.violated]).toEqual(['any/read-prefix', 'any/read-prefix']);
  });

  test('a read that was ordered twice may be given its first answer at its second place', () => {
    const stage = written(1);
    const get = makeCommand(C2, 1, { op: 'get', key: 'k' }, 'stale');
    stage.invokeRead(C2, 1, 'stale');
    stage.apply(0, makeEntry(2, 1, 0, get));
    stage.apply(0, makeEntry(3, 1, 0, makeCommand(C1, 2, put('v3'))));
    stage.apply(0, makeEntry(4, 1, 0, get), makeEntry(3, 1, 0, makeCommand(C1, 2, put('v3'))).hash);
    const lying = stage.fork();
    stage.answerRead(C2, 1, 'stale', 4, 'v1');
    expect(stage.violated).toBeUndefined();
    lying.answerRead(C2, 1, 'stale', 4, null);
    expect(lying.violated).toBe('any/read-prefix');
  });

  test('answers that are errors, other services, and protocols that apply nothing are not judged', () => {
    const stage = written(1);
    const event = {
      client: C2,
      sequence: 1,
      input: { op: 'get', key: 'k' },
      read: 'stale',
      time: 0,
    } as const;
    stage.history({ ...event, kind: 'ok', output: { error: 'malformed' }, index: 1 });
    const other = written(1, new Stage(3, 'mine', { service: 'counter' }));
    other.read(C2, 1, 'stale', 1, 'nonsense');
    const mute = new Stage(3, 'mine');
    mute.read(C2, 1, 'stale', 4, 'nonsense');
    expect([stage.violated, other.violated, mute.violated]).toEqual([undefined, undefined, undefined]);
  });
});

/** A step of a random story: an operation is ordered (some of them again), or somebody reads. */
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ order: kvOperation, again: fc.nat(9) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      read: fc.constantFrom<ReadMode[]>('read-index', 'lease', 'follower', 'session', 'stale'),
      reader: fc.constantFrom(C1, C2),
      lag: fc.nat(5),
      lie: fc.boolean(),
    }),
  },
);

test('reads: what a real store answers at a place that the mode allows is accepted, and a lie is caught', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, forkAt) => {
      let stage = new Stage(3, 'mine');
      const states = [createService('kv')];
      const commands: { readonly sequence: number; readonly input: object }[] = [];
      const seen = new Map([
        [C1, 0],
        [C2, 0],
      ]);
      let acknowledged = 0;
      for (const [i, next] of steps.entries()) {
        if (i === forkAt) stage = stage.fork();
        if ('order' in next) {
          const repeated = next.again === 0 ? commands.at(-1) : undefined;
          const { sequence, input } = repeated ?? { sequence: i + 1, input: next.order };
          const state = (states.at(-1) as (typeof states)[0]).clone();
          const command = makeCommand(C1, sequence, { ...input });
          state.apply(command, 0);
          states.push(state);
          commands.push({ sequence, input });
          stage.apply(0, makeEntry(states.length - 1, 1, 0, command), state.digest());
          continue;
        }
        const { read, reader, lag, lie } = next;
        const last = states.length - 1;
        const own = read === 'session' ? (seen.get(reader) as number) : 0;
        const floor = read === 'session' ? own : read === 'stale' ? 0 : acknowledged;
        const index = Math.max(floor, last - lag);
        const get = makeCommand(reader, i + 1, { op: 'get', key: 'a' }, read);
        const answer = states[index]?.query?.(get) as { value: string | null };
        const event = { client: reader, sequence: i + 1, input: get.input, read, time: 0 } as const;
        stage.history({ ...event, kind: 'invoke', output: null, index: 0 });
        const output = lie ? { value: `${answer.value ?? ''}!` } : answer;
        stage.history({ ...event, kind: 'ok', output: { ...output }, index });
        if (lie && index > 0) {
          expect(stage.violated).toBe('any/read-prefix');
          return;
        }
        acknowledged = Math.max(acknowledged, index);
        seen.set(reader, Math.max(seen.get(reader) as number, index));
      }
      expect(stage.violated).toBeUndefined();
      expect(stage.checkers.unjudged().reads).toBe(0);
    }),
  );
});
