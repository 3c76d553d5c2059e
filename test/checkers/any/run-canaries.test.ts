/** Each protocol-independent checker catches a violation that is planted for it, and accepts what is right. */

import { describe, expect, test } from 'vitest';
import {
  createCheckers,
  INVARIANTS,
  ViolationSink,
  type InvariantInfo,
} from '../../../src/checkers/index.js';
import { AUTHORITY, SERVICE_INVARIANTS } from '../../../src/checkers/services/index.js';
import type { Membership } from '../../../src/kernel/index.js';
import { makeEntry } from '../../../src/protocols/raft/index.js';
import { DEFAULT_SESSION_LIMITS, makeCommand } from '../../../src/services/index.js';
import { OPERATIONS_PER_CUT } from '../../../src/checkers/any/settlement.js';
import { Stage } from '../stage.js';

const LIVENESS = { healAtMicros: 100, progressWithinMicros: 100, stableLeader: true, transfersSucceed: true };
const put = (value: string) => ({ op: 'put', key: 'k', value });
const append = (value: string) => ({ op: 'append', key: 'k', value });
const get = { op: 'get', key: 'k' };
const C1 = 3;
const C2 = 4;

/** The operation, in the order and with its answer. */
function ordered(stage: Stage, index: number, sequence: number, input: object, output: object | null): void {
  const command = stage.operation(C1, sequence, { ...input }, output === null ? 'unknown' : 'ok', {
    ...output,
  });
  stage.apply(0, makeEntry(index, 1, 0, command));
}

/** An operation of the first client that is ordered at this place and answered there. */
function acknowledged(stage: Stage, index: number, sequence: number, input: object): void {
  stage.invoke(C1, sequence, { ...input });
  stage.apply(0, makeEntry(index, 1, 0, makeCommand(C1, sequence, { ...input })));
  stage.answer(C1, sequence, { ...input }, { ok: true }, index);
}

/** All servers act by this configuration, and have applied its place. */
function configured(stage: Stage, configuration: Partial<Membership>): void {
  const whole = { voters: [0, 1, 2], outgoing: [], learners: [], joining: [], autoLeave: false };
  for (const server of [0, 1, 2]) {
    stage.emit(server, {
      kind: 'configuration-changed',
      index: 1,
      configuration: { ...whole, ...configuration },
    });
    stage.apply(server, makeEntry(1, 1, 0, undefined));
  }
}

/** Messages in each of four seconds without any operation. */
function chatter(stage: Stage, from: number, to: number, messages: number): void {
  for (let second = 0; second < 4; second++) {
    stage.time = second * 1_000_000;
    for (let i = 0; i < messages; i++) stage.send(from, to, { kind: 'Chatter' });
  }
}

const CANARIES: Readonly<Record<string, (stage: Stage) => void>> = {
  'any/agreement: two servers apply different entries at one index': (stage) => {
    stage.apply(0, makeEntry(1, 1, 0, makeCommand(C1, 1, put('c3.1'))));
    stage.apply(1, makeEntry(1, 1, 0, makeCommand(C2, 1, put('c4.1'))));
  },
  'any/agreement: a restarted server applies another entry than before': (stage) => {
    stage.apply(0, makeEntry(1, 1, 0, undefined));
    stage.crash(0);
    stage.start(0);
    stage.apply(0, makeEntry(1, 2, 0, undefined));
  },
  'any/state-digest: equal histories lead to different states': (stage) => {
    const entry = makeEntry(1, 1, 0, makeCommand(C1, 1, put('c3.1')));
    stage.apply(0, entry, 7);
    stage.apply(1, entry, 8);
  },
  'any/apply-order: a place is left out': (stage) => {
    stage.apply(0, makeEntry(2, 1, 0, undefined));
  },
  'any/apply-order: a place is applied twice': (stage) => {
    stage.apply(0, makeEntry(1, 1, 0, undefined));
    stage.apply(0, makeEntry(1, 1, 0, undefined));
  },
  'any/duplicate-effect: a repeated command changes the state again': (stage) => {
    const command = makeCommand(C1, 1, append('c3.1'));
    stage.apply(0, makeEntry(1, 1, 0, command), 7);
    stage.apply(0, makeEntry(2, 1, 0, command), 8);
  },
  'any/duplicate-effect: a command is executed after its session has left it behind': (stage) => {
    // Nobody hears of the first operation, and the history has long forgotten it when it is applied.
    const lost = stage.operation(C1, 1, append('c3.1'), 'unknown', null);
    for (let index = 1; index <= 1100; index++) acknowledged(stage, index, index + 1, put(`c3.${index + 1}`));
    stage.apply(0, makeEntry(1101, 1, 0, lost));
  },
  'any/duplicate-effect: a command is executed just behind its session': (stage) => {
    ordered(stage, 1, 7 + DEFAULT_SESSION_LIMITS.window, put('c3.1'), null);
    ordered(stage, 2, 7, put('c3.2'), null);
  },
  'any/read-freshness: a lease read misses what another client had been answered': (stage) => {
    acknowledged(stage, 1, 1, put('c3.1'));
    acknowledged(stage, 2, 2, put('c3.2'));
    stage.read(C2, 1, 'lease', 1, 'c3.1');
  },
  'any/session-reads: a client does not read its own write': (stage) => {
    acknowledged(stage, 1, 1, put('c3.1'));
    acknowledged(stage, 2, 2, put('c3.2'));
    stage.read(C1, 3, 'session', 1, 'c3.1');
  },
  'any/read-prefix: a stale read shows what was not there yet': (stage) => {
    acknowledged(stage, 1, 1, put('c3.1'));
    acknowledged(stage, 2, 2, put('c3.2'));
    stage.read(C2, 1, 'stale', 1, 'c3.2');
  },
  'any/shadow-agreement: a server reports that its shadow answered otherwise': (stage) => {
    stage.apply(0, makeEntry(1, 1, 0, makeCommand(C1, 1, put('c3.1'))));
    stage.emit(0, { kind: 'shadow-diverged', index: 1, text: 'command 1 was answered otherwise' });
  },
  'any/acknowledged-durability: an acknowledged operation was never applied': (stage) => {
    ordered(stage, 1, 1, put('c3.0'), { ok: true });
    stage.operation(C1, 2, put('c3.1'), 'ok', { ok: true });
    stage.end();
  },
  'any/acknowledged-durability: another one has its place': (stage) => {
    stage.invoke(C1, 2, put('c3.1'));
    stage.answer(C1, 2, put('c3.1'), { ok: true }, 1);
    ordered(stage, 1, 1, put('c3.0'), { ok: true });
    stage.end();
  },
  'any/acknowledged-durability: an operation that failed for certain was applied': (stage) => {
    const command = stage.operation(C1, 1, put('c3.1'), 'fail', 'refused');
    stage.apply(0, makeEntry(1, 1, 0, command));
    stage.end();
  },
  'any/convergence: a server is down at the end': (stage) => {
    stage.time = 120;
    for (const server of [0, 1]) stage.apply(server, makeEntry(1, 1, 0, undefined));
    stage.crash(2);
    stage.time = 300;
    stage.end();
  },
  'any/exactly-once: an appended piece is in the value twice': (stage) => {
    ordered(stage, 1, 1, append('c3.1'), null);
    ordered(stage, 2, 2, append('c3.2'), { value: 'c3.1c3.1c3.2' });
    stage.end();
  },
  'any/exactly-once: a value that goes on from a right one repeats a piece of it': (stage) => {
    ordered(stage, 1, 1, append('c3.1'), { value: 'c3.1' });
    ordered(stage, 2, 2, append('c3.12'), { value: 'c3.1c3.12' });
    ordered(stage, 3, 3, append('c3.13'), { value: 'c3.1c3.12c3.13c3.1' });
    stage.end();
  },
  'any/exactly-once: a compare-and-set finds its own value and denies having swapped': (stage) => {
    ordered(stage, 1, 1, { op: 'cas', key: 'k', expected: null, value: 'c3.1' }, { swapped: false });
    ordered(stage, 2, 2, get, { value: 'c3.1' });
    stage.end();
  },
  'any/linearizability: a read does not see the write before it': (stage) => {
    ordered(stage, 1, 1, put('c3.1'), { ok: true });
    ordered(stage, 2, 2, get, { value: null });
    stage.end();
  },
  'any/progress: nothing completes after healing': (stage) => {
    stage.time = 120;
    stage.operation(C1, 1, put('c3.1'), 'unknown', null);
    stage.time = 300;
    stage.end();
  },
  'any/progress: reads aside are answered after healing, and nothing is ordered': (stage) => {
    stage.time = 120;
    stage.operation(C1, 1, put('c3.1'), 'fail', null);
    stage.operation(C1, 2, put('c3.1'), 'unknown', null);
    for (const sequence of [1, 2]) stage.read(C2, sequence, 'read-index', 0, null);
    stage.time = 300;
    stage.end();
  },
  'any/membership-settles: a joint configuration that is to be left by itself stays': (stage) => {
    configured(stage, { outgoing: [0, 1], autoLeave: true });
    stage.time = 300;
    stage.end();
  },
  'any/membership-settles: a learner that is to become a voter stays a learner': (stage) => {
    configured(stage, { voters: [0, 1], learners: [2], joining: [2] });
    stage.time = 300;
    stage.end();
  },
  'any/transfer-ends: a leader hands over for ever': (stage) => {
    stage.time = 120;
    stage.emit(0, { kind: 'transfer-started', term: 1, to: 1 });
    stage.time = 300;
    stage.end();
  },
  'any/transfer-succeeds: a transfer is given up': (stage) => {
    stage.time = 100;
    stage.emit(0, { kind: 'transfer-started', term: 1, to: 1 });
    stage.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'timed-out' });
  },
  'any/transfer-succeeds: somebody else becomes leader than the target': (stage) => {
    stage.time = 100;
    stage.emit(0, { kind: 'transfer-started', term: 1, to: 1 });
    stage.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'done' });
    stage.emit(2, { kind: 'became-leader', term: 2, lastIndex: 0 });
  },
  'any/transfer-succeeds: nobody becomes leader': (stage) => {
    stage.time = 120;
    stage.emit(0, { kind: 'transfer-started', term: 1, to: 1 });
    stage.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'done' });
    stage.time = 300;
    stage.end();
  },
  'any/stable-leader: somebody else becomes leader in peace': (stage) => {
    stage.time = 250;
    stage.emit(1, { kind: 'became-leader', term: 2, lastIndex: 0 });
    stage.time = 300;
    stage.end();
  },
  'any/quiet-when-idle: idle servers talk without end': (stage) => {
    chatter(stage, 0, 1, 2000);
    stage.end();
  },
  'any/quiet-when-idle: two that are correct talk without end, beside a liar': (stage) => {
    stage.faulty.add(2);
    chatter(stage, 0, 1, 500);
    stage.end();
  },
  'any/convergence: a live server stays behind': (stage) => {
    stage.time = 120;
    for (const server of [0, 1]) stage.apply(server, makeEntry(1, 1, 0, undefined));
    stage.time = 300;
    stage.end();
  },
};

for (const [name, story] of Object.entries(CANARIES)) {
  const [invariant = '', what = ''] = name.split(': ');
  test(`${invariant} catches it when ${what}`, () => {
    const stage = new Stage(3, 'mine', { liveness: LIVENESS });
    story(stage);
    expect(stage.sink.violation).toMatchObject({ invariant });
    expect(stage.checkers.kindOf(invariant)).toBe(INVARIANTS.find((info) => info.id === invariant)?.kind);
  });
}

// Those of one service, and of authority, have theirs in test/checkers/services.
test('every protocol-independent invariant has a canary, but for those that the simulator reports', () => {
  const caught = new Set(Object.keys(CANARIES).map((name) => name.split(': ')[0] ?? ''));
  const elsewhere = [...SERVICE_INVARIANTS, AUTHORITY];
  const isOurs = (info: InvariantInfo) => info.protocol === 'any' && !elsewhere.includes(info);
  const ids = INVARIANTS.filter(isOurs).map((info) => info.id);
  expect([...caught, 'any/no-crash', 'any/slo'].sort((a, b) => (a < b ? -1 : 1))).toEqual(
    ids.sort((a, b) => (a < b ? -1 : 1)),
  );
});

describe('what is right is accepted:', () => {
  function expectClean(story: (stage: Stage) => void): void {
    const stage = new Stage(3, 'mine', { liveness: LIVENESS });
    story(stage);
    expect(stage.sink.violation).toBeUndefined();
  }

  test('operations that complete, servers that apply the same and catch up after a restart', () => {
    expectClean((stage) => {
      stage.time = 110;
      const inputs = [put('c3.1'), append('c3.2'), get];
      const outputs = [{ ok: true }, { value: 'c3.1c3.2' }, { value: 'c3.1c3.2' }];
      const entries = inputs.map((input, i) => {
        const command = stage.operation(C1, i + 1, input, 'ok', outputs[i] ?? null);
        return makeEntry(i + 1, 1, 0, command);
      });
      for (const server of [0, 1, 2]) for (const entry of entries) stage.apply(server, entry);
      stage.crash(2);
      stage.start(2);
      for (const entry of entries) stage.apply(2, entry);
      stage.time = 400;
      stage.end();
    });
  });

  test('a repeated command that changes nothing, and a no-op', () => {
    expectClean((stage) => {
      const command = makeCommand(C1, 1, append('c3.1'));
      stage.apply(0, makeEntry(1, 1, 0, command), 7);
      stage.apply(0, makeEntry(2, 1, 0, undefined), 7);
      stage.apply(0, makeEntry(3, 1, 0, command), 7);
    });
  });

  test('an operation of unknown outcome that happened later, or never', () => {
    expectClean((stage) => {
      stage.invoke(C2, 1, put('c4.1'));
      stage.conclude(C2, 1, put('c4.1'), 'unknown', null);
      stage.operation(C1, 1, get, 'ok', { value: null });
      stage.operation(C1, 2, get, 'ok', { value: 'c4.1' });
      stage.operation(C2, 2, put('c4.2'), 'unknown', null);
      stage.end();
    });
  });

  test('answers that are errors: a value too long, an expired session', () => {
    expectClean((stage) => {
      ordered(stage, 1, 1, append('c3.1'), { error: 'value-too-long' });
      ordered(stage, 2, 2, get, { value: null });
      ordered(stage, 3, 3, put('c3.3'), { error: 'session-expired' });
      ordered(stage, 4, 4, get, { value: 'c3.3' });
      stage.end();
    });
  });

  test('texts that cannot be told apart in a value are not judged', () => {
    expectClean((stage) => {
      ordered(stage, 1, 1, append('aa'), { value: 'aa' });
      ordered(stage, 2, 2, append('a'), { value: 'aaa' });
      stage.end();
    });
  });

  test('the same text written by two operations may be there twice', () => {
    expectClean((stage) => {
      ordered(stage, 1, 1, append('x'), { value: 'x' });
      ordered(stage, 2, 2, append('x'), { value: 'xx' });
      stage.end();
    });
  });

  test('silence when no progress is due: before the bound, without operations, without terms', () => {
    expectClean((stage) => {
      stage.time = 120;
      stage.operation(C1, 1, put('c3.1'), 'unknown', null);
      stage.apply(0, makeEntry(1, 1, 0, undefined));
      stage.time = 150;
      stage.end();
    });
    expectClean((stage) => {
      stage.time = 300;
      stage.end();
    });
    const stage = new Stage(3, 'mine');
    stage.time = 300;
    stage.operation(C1, 1, put('c3.1'), 'unknown', null);
    stage.time = 900;
    stage.end();
    expect(stage.violated).toBeUndefined();
  });

  test('an answer at a place that nobody has come to yet', () => {
    expectClean((stage) => {
      ordered(stage, 1, 1, put('c3.0'), { ok: true });
      stage.invoke(C1, 2, put('c3.1'));
      stage.answer(C1, 2, put('c3.1'), { ok: true }, 2);
      stage.end();
    });
  });

  test('nothing is ordered when all that would need it is refused', () => {
    expectClean((stage) => {
      stage.time = 120;
      stage.operation(C1, 1, put('c3.1'), 'fail', null);
      stage.read(C2, 1, 'read-index', 0, null);
      stage.time = 300;
      stage.end();
    });
  });

  test('whatever a liar says, and what it is answered', () => {
    expectClean((stage) => {
      stage.faulty.add(2);
      chatter(stage, 2, 0, 2000);
      stage.end();
    });
    expectClean((stage) => {
      stage.faulty.add(2);
      chatter(stage, 0, 2, 2000);
      stage.end();
    });
  });

  test('a server that has just not applied the latest', () => {
    expectClean((stage) => {
      stage.time = 120;
      for (const server of [0, 1, 2]) stage.apply(server, makeEntry(1, 1, 0, undefined));
      stage.time = 290;
      stage.apply(0, makeEntry(2, 1, 0, undefined));
      stage.time = 300;
      stage.end();
    });
  });
});

test('a transfer that reaches its target, and one whose target is down or starts anew, are as they should be', () => {
  const stage = new Stage(3, 'mine', { liveness: LIVENESS });
  const hand = (from: number, term: number, to: number) => {
    stage.emit(from, { kind: 'transfer-started', term, to });
  };
  const giveUp = (from: number, term: number) => {
    stage.emit(from, { kind: 'transfer-ended', term, outcome: 'timed-out' });
  };
  stage.time = 99;
  hand(0, 1, 1);
  giveUp(0, 1);
  stage.time = 100;
  hand(0, 1, 1);
  stage.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'done' });
  stage.emit(1, { kind: 'became-leader', term: 2, lastIndex: 0 });
  hand(1, 2, 2);
  stage.crash(2);
  giveUp(1, 2);
  hand(1, 2, 0);
  stage.crash(0);
  stage.start(0);
  giveUp(1, 2);
  stage.start(2);
  stage.time = 150;
  hand(1, 2, 2);
  stage.time = 249;
  stage.end();
  expect(stage.violated).toBeUndefined();
});

test('a history that is too hard to judge is counted, not reported', () => {
  const stage = new Stage(3, 'mine', { linearizabilitySteps: 1 });
  for (let i = 1; i <= 6; i++) stage.invoke(C1, i, put(`c3.${i}`));
  for (let i = 1; i <= 6; i++) {
    stage.apply(0, makeEntry(i, 1, 0, makeCommand(C1, i, put(`c3.${i}`))));
    stage.conclude(C1, i, put(`c3.${i}`), 'ok', { ok: true });
  }
  stage.operation(C2, 1, get, 'ok', { value: 'c3.3' });
  stage.end();
  expect(stage.violated).toBeUndefined();
  expect(stage.checkers.unjudged().histories).toBe(1);
});

test('progress that could not be expected is counted, not reported', () => {
  const stage = new Stage(3, 'mine', { liveness: LIVENESS });
  configured(stage, {});
  stage.time = 120;
  stage.operation(C1, 1, put('c3.1'), 'unknown', null);
  for (const server of [1, 2]) stage.crash(server);
  stage.time = 300;
  stage.end();
  expect(stage.violated).toBeUndefined();
  expect(stage.checkers.unjudged()).toEqual({ histories: 0, reads: 0, applications: 0, liveness: true });
});

test('an entry that is applied where the agreed order is forgotten is counted, not reported', () => {
  const stage = new Stage(3, 'mine');
  const last = OPERATIONS_PER_CUT;
  for (const server of [0, 1])
    stage.emit(server, { kind: 'snapshot-saved', index: last, term: 1, received: false });
  for (let i = 1; i <= last; i++) acknowledged(stage, i, i, put(`c3.${i}`));
  expect(stage.checkers.unjudged().applications).toBe(0);
  stage.crash(2);
  stage.start(2);
  stage.apply(2, makeEntry(1, 1, 0, undefined));
  expect(stage.violated).toBeUndefined();
  expect(stage.checkers.unjudged().applications).toBe(1);
});

describe('of a command that its session may have left behind, accepted is:', () => {
  const { window } = DEFAULT_SESSION_LIMITS;

  test('that it is ordered, and refused', () => {
    const stage = new Stage(3, 'mine');
    const lost = stage.operation(C1, 1, append('c3.1'), 'unknown', null);
    for (let index = 1; index <= 1100; index++) acknowledged(stage, index, index + 1, put(`c3.${index + 1}`));
    const digest = makeEntry(1100, 1, 0, makeCommand(C1, 1101, put('c3.1101'))).hash;
    stage.apply(0, makeEntry(1101, 1, 0, lost), digest);
    stage.read(C2, 1, 'stale', 1101, 'c3.1101');
    stage.end();
    expect(stage.sink.violation).toBeUndefined();
  });

  test('that it is executed while it is in the window, the last place included', () => {
    const stage = new Stage(3, 'mine');
    ordered(stage, 1, 7 + window, put('c3.1'), null);
    ordered(stage, 2, 8, put('c3.2'), null);
    expect(stage.sink.violation).toBeUndefined();
  });

  test('that it is executed where the window is wider, or there are no sessions', () => {
    for (const options of [{ sessionWindow: window + 1 }, { hasSessions: false }]) {
      const stage = new Stage(3, 'mine', options);
      ordered(stage, 1, 7 + window, put('c3.1'), null);
      ordered(stage, 2, 7, put('c3.2'), null);
      expect(stage.sink.violation).toBeUndefined();
    }
  });
});

test('services without sessions may execute a repeated command again', () => {
  const stage = new Stage(3, 'mine', { hasSessions: false });
  const command = makeCommand(C1, 1, append('c3.1'));
  stage.apply(0, makeEntry(1, 1, 0, command), 7);
  stage.apply(0, makeEntry(2, 1, 0, command), 8);
  stage.operation(C1, 1, append('c3.1'), 'ok', { value: 'c3.1' });
  expect(stage.violated).toBeUndefined();
});

test('an ignored invariant leaves no mark, the next one does', () => {
  const sink = new ViolationSink(new Set(['any/agreement']));
  const context = {
    servers: 3,
    now: () => 0,
    isUp: () => true,
    generation: () => 0,
    durableRecords: () => [],
  };
  const set = createCheckers('mine', context, sink);
  for (const [server, term] of [
    [0, 1],
    [1, 2],
  ] as const) {
    const { index, hash } = makeEntry(1, term, 0, undefined);
    const event = { kind: 'applied', index, term, hash, digest: term, command: undefined } as const;
    for (const observer of set.observers) observer.onProtocolEvent?.(server, event);
  }
  expect(sink.violation?.invariant).toBe('any/state-digest');
});
