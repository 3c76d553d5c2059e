/** What queues and streams promise: each property with what breaks it, and what does not. */

import { describe, expect, it } from 'vitest';
import { STREAM_INVARIANTS } from '../../../src/checkers/services/stream/invariants.js';
import type { HistoryEvent, Plain } from '../../../src/kernel/index.js';
import type { ConsumedTo, SentMessage, StreamOperation } from '../../../src/services/index.js';
import { Stage } from '../stage.js';

/** Clients of a broker that a test describes answer by answer. */
class Clients {
  private readonly stage: Stage;
  private readonly sequences = new Map<number, number>();

  constructor(serviceSettings: Readonly<Record<string, unknown>> = {}) {
    this.stage = new Stage(3, 'mine', { service: 'stream', serviceSettings });
  }

  /** An operation from beginning to end. Its output is the answer, or 'unknown', or 'fail'. */
  do(client: number, operation: StreamOperation, output: Plain): void {
    this.begin(client, operation);
    this.end(client, operation, output);
  }

  begin(client: number, operation: StreamOperation): void {
    this.sequences.set(client, (this.sequences.get(client) ?? 0) + 1);
    this.record('invoke', client, operation, null);
  }

  end(client: number, operation: StreamOperation, output: Plain): void {
    if (output === 'unknown' || output === 'fail') this.record(output, client, operation, null);
    else this.record('ok', client, operation, output);
  }

  /** What is violated when the run ends here. */
  verdict(): string | undefined {
    this.stage.end();
    return this.stage.violated;
  }

  private record(
    kind: HistoryEvent['kind'],
    client: number,
    operation: StreamOperation,
    output: Plain,
  ): void {
    const input = operation as unknown as Plain;
    const sequence = this.sequences.get(client) ?? 0;
    this.stage.history({ kind, client, sequence, input, output, read: undefined, index: 0, time: 0 });
  }
}

const [A, B, C] = [3, 4, 5] as const;

const send = (values: string, more: Partial<StreamOperation> = {}, topic = 'input'): StreamOperation =>
  ({
    op: 'send',
    topic,
    partition: 0,
    messages: values.split(' ').map((value): SentMessage => ['k', value]),
    ...more,
  }) as StreamOperation;
const at = (offset: number): Plain => ({ offset });
const by = (epoch: number, sequence = 0) => ({ producer: 'p', epoch, sequence });

const fetch = (offset: number, topic = 'input'): StreamOperation => ({
  op: 'fetch',
  topic,
  partition: 0,
  offset,
  max: 9,
});
/** What a poll shows from an offset on: `.` is a gap. */
function shows(offset: number, values: string, end?: number, start = 0): Plain {
  const list = values === '' ? [] : values.split(' ');
  const messages = list.flatMap((value, i): Plain[] => (value === '.' ? [] : [[offset + i, 'k', value]]));
  const next = offset + list.length;
  return { messages, next, start, end: end ?? next };
}

const member = { group: 'g', member: 'm', generation: 1 };
const join: StreamOperation = { op: 'join', group: 'g', member: 'm', topics: ['input'], timeoutMicros: 1 };
const assigned = (offset: number): Plain => ({ generation: 1, assignment: [['input', 0, offset]] });
const groupFetch = (offset: number): StreamOperation => ({ ...fetch(offset), ...member });
const commit = (offset: number): StreamOperation => ({
  op: 'commit-offsets',
  ...member,
  offsets: [['input', 0, offset] as ConsumedTo],
});

const step = { producer: 'c3', epoch: 0, transaction: 1 };
const stage = (values: string): StreamOperation => send(values, { op: 'stage', ...step, step: 0 }, 'output');
const commitTransaction: StreamOperation = { op: 'commit-transaction', ...step };

const receive: StreamOperation = {
  op: 'receive',
  group: 'workers',
  member: 'm',
  topic: 'jobs',
  max: 1,
  leaseMicros: 1,
};
const lends = (lease: number, done = 0, count = lease): Plain => ({
  deliveries: [[0, 0, 'k', 'j', lease, count]],
  done: [done],
});
const nothing = (done: number): Plain => ({ deliveries: [], done: [done] });
const acknowledge = (lease: number): StreamOperation => ({
  op: 'acknowledge',
  group: 'workers',
  member: 'm',
  topic: 'jobs',
  leases: [lease],
});
const settled = (lease: number): Plain => ({ settled: [lease], lost: [] });
const lost = (lease: number): Plain => ({ settled: [], lost: [lease] });
const job = (run: Clients): void => {
  run.do(A, send('j', {}, 'jobs'), at(0));
};

type Story = (run: Clients) => void;

const CANARIES: Readonly<Record<string, Story>> = {
  'stream-writes: an acknowledged message is passed by': (run) => {
    run.do(A, send('a b'), at(0));
    run.do(B, fetch(1), shows(1, 'b'));
  },
  'stream-writes: the end of a partition is before what was acknowledged': (run) => {
    run.do(A, send('a b'), at(0));
    run.do(B, fetch(0), shows(0, 'a'));
  },
  'stream-writes: a committed output is passed by': (run) => {
    run.do(A, stage('o'), { staged: true });
    run.do(A, commitTransaction, { offsets: [0] });
    run.do(A, send('p', {}, 'output'), at(1));
    run.do(B, fetch(1, 'output'), shows(1, 'p'));
  },
  'stream-duplicates: a message is in the log twice': (run) => {
    run.do(A, send('a', by(0)), 'unknown');
    run.do(A, send('a', by(0)), at(1));
    run.do(B, fetch(0), shows(0, 'a a'));
  },
  'stream-aborted: an aborted transaction is read': (run) => {
    run.do(A, stage('o'), { staged: true });
    run.do(A, { op: 'abort-transaction', ...step }, { aborted: true });
    run.do(B, fetch(0, 'output'), shows(0, 'o'));
  },
  'stream-aborted: what is read before its transaction is refused': (run) => {
    run.do(A, stage('o'), { staged: true });
    run.do(B, fetch(0, 'output'), shows(0, 'o'));
    run.do(A, commitTransaction, { error: 'stale-generation' });
  },
  'stream-aborted: a refused message is read': (run) => {
    run.do(A, send('a', by(0)), { error: 'fenced' });
    run.do(B, fetch(0), shows(0, 'a'));
  },
  'stream-aborted: nobody has sent it': (run) => {
    run.do(B, fetch(0), shows(0, 'x'));
  },
  'stream-offsets: two readers see different messages at one offset': (run) => {
    run.do(A, send('a'), 'unknown');
    run.do(A, send('b'), 'unknown');
    run.do(B, fetch(0), shows(0, 'a'));
    run.do(C, fetch(0), shows(0, 'b'));
  },
  'stream-send-order: a later message has a lower offset': (run) => {
    run.do(A, send('a'), at(5));
    run.do(A, send('b'), at(3));
  },
  'stream-poll-order: a reader goes back': (run) => {
    run.do(A, send('a b'), at(0));
    run.do(B, fetch(0), shows(0, 'a b'));
    run.do(B, fetch(0), shows(0, 'a b'));
  },
  'stream-poll-order: a reader leaves out what exists': (run) => {
    run.do(A, send('a b c'), at(0));
    run.do(B, fetch(0), shows(0, 'a . c'));
  },
  'stream-poll-order: a compacted log lacks the latest of a key': (run) => {
    run.do(A, { ...send(''), messages: [['k', 'a']] } as StreamOperation, at(0));
    run.do(A, { ...send(''), messages: [['l', 'b']] } as StreamOperation, at(1));
    run.do(A, { ...send(''), messages: [['k', 'c']] } as StreamOperation, at(2));
    run.do(B, fetch(0), shows(0, 'a . c'));
    run.do(C, fetch(1), shows(1, 'b', 3));
  },
  'stream-fencing: a zombie writes behind its successor': (run) => {
    run.do(A, send('a', by(1)), at(0));
    run.do(B, send('b', by(0)), at(1));
  },
  'stream-once: an input has two outputs': (run) => {
    run.do(A, send('o<input.0.0', {}, 'output'), at(0));
    run.do(B, send('p<input.0.0', {}, 'output'), at(1));
  },
  'stream-inputs: an input has no output, and the next one has': (run) => {
    run.do(A, send('a b'), at(0));
    run.do(B, send('o<input.0.1', {}, 'output'), at(0));
  },
  'stream-commits: a committed offset is forgotten': (run) => {
    run.do(B, join, assigned(0));
    run.do(A, send('a b'), at(0));
    run.do(B, groupFetch(0), shows(0, 'a b'));
    run.do(B, commit(2), { ok: true });
    run.do(C, join, assigned(1));
  },
  'stream-commits: a group goes on where nobody has come': (run) => {
    run.do(B, join, assigned(0));
    run.do(A, send('a b'), at(0));
    run.do(B, groupFetch(0), shows(0, 'a', 2));
    run.do(C, join, assigned(2));
  },
  'stream-leases: a lease of the past is settled': (run) => {
    job(run);
    run.do(B, receive, lends(1));
    run.do(C, receive, lends(2));
    run.do(B, acknowledge(1), settled(1));
  },
  'stream-leases: a message is settled under two leases': (run) => {
    job(run);
    run.do(B, receive, lends(1));
    run.begin(B, acknowledge(1));
    run.do(C, receive, lends(2));
    run.do(C, acknowledge(2), settled(2));
    run.end(B, acknowledge(1), settled(1));
  },
  'stream-leases: a message that is done is lent': (run) => {
    job(run);
    run.do(B, receive, lends(1));
    run.do(B, acknowledge(1), settled(1));
    run.do(C, receive, lends(2));
  },
  'stream-leases: a message that was said to be done is lent': (run) => {
    job(run);
    run.do(B, receive, lends(1));
    run.do(B, acknowledge(1), 'unknown');
    run.do(C, receive, nothing(1));
    run.do(C, receive, lends(2));
  },
  'stream-leases: a message is lent too often': (run) => {
    job(run);
    run.do(B, receive, lends(4));
  },
  'stream-dead-letters: a message vanishes': (run) => {
    job(run);
    run.do(B, receive, lends(3));
    run.do(B, receive, nothing(1));
    run.do(C, fetch(0, 'jobs.dead'), shows(0, ''));
  },
  'stream-dead-letters: a message that was never lent vanishes': (run) => {
    job(run);
    run.do(B, receive, nothing(1));
    run.do(C, fetch(0, 'jobs.dead'), shows(0, ''));
  },
  'stream-dead-letters: an acknowledged message is a dead letter': (run) => {
    job(run);
    run.do(B, receive, lends(3));
    run.do(B, acknowledge(3), settled(3));
    run.do(C, fetch(0, 'jobs.dead'), shows(0, 'j'));
  },
  'stream-dead-letters: a message dies twice': (run) => {
    job(run);
    run.do(B, receive, lends(3));
    run.do(C, fetch(0, 'jobs.dead'), shows(0, 'j j'));
  },
};

/** Settings of the stories that are not about delivery effectively once. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'stream-poll-order: a compacted log lacks the latest of a key': { compact: true },
};

describe('the judges of streams', () => {
  for (const [name, story] of Object.entries(CANARIES)) {
    it(`any/${name}`, () => {
      const run = new Clients(SETTINGS[name]);
      story(run);
      expect(run.verdict()).toBe(`any/${name.split(':')[0]}`);
    });
  }

  it('every one of them has a canary', () => {
    const caught = new Set(Object.keys(CANARIES).map((name) => `any/${name.split(':')[0]}`));
    expect([...caught].sort()).toEqual(STREAM_INVARIANTS.map(({ id }) => id).sort());
  });

  it.each<[string, Readonly<Record<string, unknown>>, Story]>([
    [
      'a batch that is sent until it is answered, and read by everybody',
      {},
      (run) => {
        run.do(A, send('a b', by(0)), 'unknown');
        run.do(B, fetch(0), shows(0, 'a b'));
        run.do(A, send('a b', by(0)), at(0));
        run.do(C, fetch(0), shows(0, 'a b'));
      },
    ],
    [
      'a commit whose answer got lost and is asked for again',
      {},
      (run) => {
        run.do(A, stage('o'), { staged: true });
        run.do(A, commitTransaction, 'unknown');
        run.do(B, fetch(0, 'output'), shows(0, 'o'));
        run.do(A, commitTransaction, { offsets: [0] });
      },
    ],
    [
      'a fenced producer whose last attempt was there before',
      {},
      (run) => {
        run.do(A, send('a', by(0)), 'unknown');
        run.do(B, send('b', by(1)), at(1));
        run.do(A, send('a', by(0)), { error: 'fenced' });
        run.do(C, fetch(0), shows(0, 'a b'));
      },
    ],
    [
      'repetition where delivery is at least once',
      { delivery: 'at-least-once' },
      (run) => {
        run.do(A, send('a'), 'unknown');
        run.do(A, send('a'), at(1));
        run.do(B, fetch(0), shows(0, 'a a'));
        run.do(B, send('o<input.0.0', {}, 'output'), at(0));
        run.do(C, send('p<input.0.0', {}, 'output'), at(1));
      },
    ],
    [
      'an input that is left out where delivery is at most once',
      { delivery: 'at-most-once' },
      (run) => {
        run.do(A, send('a b'), at(0));
        run.do(B, send('o<input.0.1', {}, 'output'), at(0));
      },
    ],
    [
      'what a partition has left behind, heard of in any order',
      { 'retain-messages': 2 },
      (run) => {
        run.do(A, send('a b'), at(0));
        run.begin(B, fetch(0));
        run.do(A, send('c d'), at(2));
        run.do(C, fetch(0), { error: 'out-of-range', start: 2, end: 4 });
        run.do(C, fetch(2), shows(2, 'c d', 4, 2));
        run.end(B, fetch(0), shows(0, 'a b', 2));
        run.do(B, fetch(2), shows(2, 'c d', 4, 2));
      },
    ],
    [
      'a gap that compaction left, known before the later message is',
      { compact: true },
      (run) => {
        run.do(A, send('a b'), at(0));
        run.begin(A, send('c'));
        run.do(B, fetch(0), shows(0, '. . c'));
        run.end(A, send('c'), at(2));
      },
    ],
    [
      'a message that is lent anew when its lease is over, and a late acknowledgement that is refused',
      {},
      (run) => {
        job(run);
        run.do(B, receive, lends(1));
        run.do(C, receive, lends(2));
        run.do(B, acknowledge(1), lost(1));
        run.do(C, acknowledge(2), settled(2));
        run.do(C, receive, nothing(1));
      },
    ],
    [
      'an acknowledgement under way while its lease runs out',
      {},
      (run) => {
        job(run);
        run.do(B, receive, lends(1));
        run.begin(B, acknowledge(1));
        run.begin(C, receive);
        run.end(B, acknowledge(1), settled(1));
        run.end(C, receive, nothing(1));
      },
    ],
    [
      'a dead letter that is read later than it is told',
      {},
      (run) => {
        job(run);
        run.begin(C, fetch(0, 'jobs.dead'));
        run.do(B, receive, lends(3));
        run.do(B, receive, nothing(1));
        run.end(C, fetch(0, 'jobs.dead'), shows(0, ''));
        run.do(C, fetch(0, 'jobs.dead'), shows(0, 'j'));
      },
    ],
  ])('accepts %s', (_name, settings, story) => {
    const run = new Clients(settings);
    story(run);
    expect(run.verdict()).toBeUndefined();
  });
});
