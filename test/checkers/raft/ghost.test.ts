/** The ghost against naive oracles; forks; audits. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GhostLog } from '../../../src/checkers/raft/ghost-log.js';
import { LeaderTree } from '../../../src/checkers/raft/leader-log.js';
import { makeEntry, META_FILE, walFile, type Entry } from '../../../src/protocols/raft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { Stage } from '../stage.js';

/** Entries to put at (an offset from) the end of a log, and truncations. */
const steps = fc.array(
  fc.record({ back: fc.nat(3), term: fc.integer({ min: 1, max: 3 }), truncate: fc.boolean() }),
  { maxLength: 60 },
);

function play(moves: readonly { back: number; term: number; truncate: boolean }[]): [GhostLog, Entry[]] {
  const log = new GhostLog(1);
  const naive: Entry[] = [];
  for (const { back, term, truncate } of moves) {
    const index = Math.max(1, naive.length + 1 - back);
    naive.length = index - 1;
    if (truncate) {
      log.truncateFrom(index);
      continue;
    }
    const entry = makeEntry(index, term, 0, undefined);
    naive.push(entry);
    log.put(index, term, entry.hash);
  }
  return [log, naive];
}

test('ghost log: terms, and agreement of two logs up to an index, are those of the plain logs', () => {
  fc.assert(
    fc.property(steps, steps, (one, other) => {
      const [a, plainA] = play(one);
      const [b, plainB] = play(other);
      expect(a.last).toBe(plainA.length);
      expect(a.lastTerm).toBe(plainA.at(-1)?.term ?? 0);
      let equal = true;
      for (let index = 1; index <= Math.max(plainA.length, plainB.length); index++) {
        const left = plainA[index - 1];
        const right = plainB[index - 1];
        expect(a.termAt(index)).toBe(left?.term ?? -1);
        equal &&= left !== undefined && right !== undefined && left.term === right.term;
        expect(a.agreesWith(b, index)).toBe(equal);
      }
    }),
  );
});

test('ghost log: a copy of a part agrees with the original up to there and no further', () => {
  fc.assert(
    fc.property(steps, fc.nat(60), (moves, cut) => {
      const [log, plain] = play(moves);
      const last = Math.min(cut, plain.length);
      const copy = new GhostLog(1);
      copy.copyFrom(log, last);
      expect(copy.last).toBe(last);
      expect(copy.agreesWith(log, last)).toBe(true);
      expect(copy.agreesWith(log, last + 1)).toBe(false);
    }),
  );
});

test('leader tree: the entry at an index of any leader’s log is found as in a copy of that log', () => {
  const choices = fc.array(fc.record({ parent: fc.nat(), kept: fc.nat(), created: fc.nat(4) }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(choices, (terms) => {
      const tree = new LeaderTree();
      /** By term: the plain log of its leader. */
      const logs: Entry[][] = [[]];
      terms.forEach(({ parent, kept, created }, i) => {
        const term = i + 1;
        const base = logs[parent % logs.length] as Entry[];
        const plain = base.slice(0, kept % (base.length + 1));
        tree.elected(term, i, plain.length, plain.at(-1)?.term ?? 0);
        for (let n = 0; n < created; n++) {
          plain.push(makeEntry(plain.length + 1, term, 0, makeCommand(9, 100 * term + n, null)));
          const log = folded(plain);
          tree.of(term)?.create(log.lowAt(log.last), log.highAt(log.last));
        }
        logs.push(plain);
      });
      logs.forEach((plain, term) => {
        for (let index = 1; index <= plain.length + 1; index++) {
          expect(tree.creatorAt(term, index)).toBe(plain[index - 1]?.term ?? -1);
        }
        logs.forEach((other) => {
          const log = folded(other);
          for (let index = 0; index <= other.length; index++) {
            const isPrefix = plain.slice(0, index).every((entry, i) => entry.hash === other[i]?.hash);
            const expected = index === 0 || (term > 0 && index <= plain.length && isPrefix);
            expect(tree.matches(term, index, log.lowAt(index), log.highAt(index))).toBe(expected);
          }
        });
      });
    }),
  );
});

test('leader tree: what is asked of terms and indexes that are not forgotten is answered as if nothing were', () => {
  const choices = fc.array(
    fc.record({ kept: fc.nat(3), created: fc.nat(4), settled: fc.nat(6), behind: fc.nat(3) }),
    { minLength: 1, maxLength: 30 },
  );
  fc.assert(
    fc.property(choices, (terms) => {
      const whole = new LeaderTree();
      let pruned = new LeaderTree();
      /** By term: the plain log of its leader. */
      const logs: Entry[][] = [[]];
      let floor = 0;
      let ended = 0;
      terms.forEach(({ kept, created, settled, behind }, i) => {
        const term = i + 1;
        const base = logs.at(-1) as Entry[];
        // What is settled is in the log of every later leader.
        const plain = base.slice(0, Math.max(floor, base.length - kept));
        for (const tree of [whole, pruned]) tree.elected(term, i, plain.length, plain.at(-1)?.term ?? 0);
        for (let n = 0; n < created; n++) {
          plain.push(makeEntry(plain.length + 1, term, 0, makeCommand(9, 100 * term + n, null)));
          const log = folded(plain);
          for (const tree of [whole, pruned])
            tree.of(term)?.create(log.lowAt(log.last), log.highAt(log.last));
        }
        logs.push(plain);
        floor = Math.max(floor, Math.min(plain.length, floor + settled));
        ended = Math.max(ended, term - behind);
        pruned.dropBelow(floor, term - behind);
        pruned = pruned.clone();
        expect(pruned.lowestTerm).toBeLessThanOrEqual(ended);
        expect(pruned.highestTerm).toBe(term);
        expect(pruned.hasForgotten(floor)).toBe(false);
        expect(pruned.hasForgotten(Math.max(0, floor - 1))).toBe(floor > 0);
        for (let asked = pruned.lowestTerm; asked <= term; asked++) {
          expect(pruned.of(asked)?.leader).toBe(whole.of(asked)?.leader);
          for (let index = floor; index <= plain.length + 1; index++) {
            expect(pruned.creatorAt(asked, index)).toBe(whole.creatorAt(asked, index));
            const log = folded(logs[asked] as Entry[]);
            if (index > log.last) continue;
            const lanes = [log.lowAt(index), log.highAt(index)] as const;
            expect(pruned.matches(asked, index, ...lanes)).toBe(whole.matches(asked, index, ...lanes));
          }
        }
        for (let asked = 1; asked <= term; asked++) {
          for (let index = floor; index <= plain.length + 1; index++) {
            expect(pruned.hasCreated(asked, index)).toBe(whole.hasCreated(asked, index));
          }
        }
      });
    }),
  );
});

test('leader tree: leaders of the past are forgotten, but for those that created what is not settled', () => {
  const tree = new LeaderTree();
  for (let term = 1; term <= 100; term++) {
    tree.elected(term, 0, term - 1, term - 1);
    tree.of(term)?.create(term, term);
  }
  tree.dropBelow(91, 80);
  expect(tree.lowestTerm).toBe(80);
  tree.dropBelow(91, 100);
  expect(tree.lowestTerm).toBe(91);
  expect(tree.of(90)).toBeUndefined();
  tree.elected(90, 1, 0, 0);
  expect(tree.of(90)).toBeUndefined();
  expect(tree.of(91)?.leader).toBe(0);
});

function folded(entries: readonly Entry[]): GhostLog {
  const log = new GhostLog(1);
  for (const entry of entries) log.put(entry.index, entry.term, entry.hash);
  return log;
}

function started(): Stage {
  const stage = new Stage(3);
  stage.elect(0, 1);
  stage.commitEverywhere(0, [1, 2]);
  stage.replicate(0, 1, stage.propose(0));
  return stage;
}

test('a fork judges by what it shares with the original', () => {
  const copy = started().fork();
  copy.truncate(1, 1);
  expect(copy.violated).toBe('raft/commit-monotonic');
});

test('what happens in a fork leaves the original alone, and the other way round', () => {
  const stage = started();
  const copy = stage.fork();
  // Term 2 gets another leader on each side, with the votes of the same server, and other entries.
  for (const [side, leader, command] of [
    [copy, 1, makeCommand(3, 1, null)],
    [stage, 0, makeCommand(3, 2, null)],
  ] as const) {
    side.elect(leader, 2, [2]);
    side.replicate(leader, 2, side.machines[leader]!.log[1]!);
    const entry = side.propose(leader, command);
    side.replicate(leader, 2, entry);
    side.commit(leader, 3);
    side.commit(2, 3);
    side.apply(2, side.machines[2]!.log[1]!);
    side.apply(2, entry);
    side.reply(leader, command);
  }
  expect(copy.sink.violation).toBeUndefined();
  expect(stage.sink.violation).toBeUndefined();
  copy.apply(1, makeEntry(2, 9, 0, undefined));
  expect(copy.violated).toBe('any/agreement');
  expect(stage.violated).toBeUndefined();
});

test('a violation found before a fork is in both', () => {
  const stage = started();
  stage.truncate(1, 1);
  expect(stage.fork().violated).toBe('raft/commit-monotonic');
});

/** Writes an entry into memory only. */
function appendAll(stage: Stage, server: number, entries: readonly Entry[]): void {
  for (const entry of entries) stage.append(server, entry);
}

test('a promise of what only a snapshot covers so far is kept when the log shows it again', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  const entries = [1, 2, 3, 4].map(() => stage.commitEverywhere(0, [2]));
  stage.follow(1, 1);
  appendAll(stage, 1, entries);
  stage.commit(1, 4);
  stage.persist(1, ...entries.slice(0, 3));
  // The log on the disk does not reach the snapshot yet: the snapshot stands for it.
  stage.saveSnapshot(1, 4);
  stage.acknowledge(1, 0, 3);
  stage.persist(1, ...entries.slice(3));
  stage.crash(1);
  const damaged = stage.fork();
  stage.start(1);
  expect(stage.sink.violation).toBeUndefined();
  damaged.start(1, { lastIndex: 2 });
  expect(damaged.violated).toBe('raft/recovered-state');
});

test('a log that begins anew on a slow disk is known by what was installed, though all have forgotten that', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  const entries = Array.from({ length: 90 }, () => stage.commitEverywhere(0, [2]));
  stage.follow(1, 1);
  const header = stage.persistSnapshot(1, 5, {}, entries);
  stage.emit(1, { kind: 'snapshot-saved', index: 5, term: 1, received: true });
  stage.machines[1]!.log = entries.slice(0, 5);
  const { digest } = header;
  stage.emit(1, { kind: 'snapshot-installed', index: 5, term: 1, digest, received: true });
  appendAll(stage, 1, entries.slice(5));
  stage.commit(1, 90);
  for (const server of [1, 0, 2]) {
    stage.saveSnapshot(server, 88);
    if (server === 1) stage.emit(1, { kind: 'compacted', index: 88, term: 1 });
    else stage.compact(server, 88);
  }
  stage.startSegment(1, 5, 1, true);
  stage.persist(1, ...entries.slice(5));
  stage.acknowledge(1, 0, 90);
  expect(stage.sink.violation).toBeUndefined();
});

test('what a log that began anew has left behind does not count, and may go in any order', () => {
  const stage = new Stage(3);
  stage.elect(0, 1);
  const entries = [1, 2, 3, 4, 5, 6].map(() => stage.commitEverywhere(0, [2]));
  stage.follow(1, 1);
  appendAll(stage, 1, entries.slice(0, 3));
  stage.persist(1, ...entries.slice(0, 2));
  stage.startSegment(1, 2, 1);
  stage.persist(1, entries[2]!);
  stage.acknowledge(1, 0, 3);
  const header = stage.persistSnapshot(1, 5, {}, entries);
  stage.emit(1, { kind: 'snapshot-saved', index: 5, term: 1, received: true });
  const { digest } = header;
  stage.machines[1]!.log = entries.slice(0, 5);
  stage.emit(1, { kind: 'snapshot-installed', index: 5, term: 1, digest, received: true });
  stage.append(1, entries[5]!);
  // A record of before that was never synced: what follows it is not hidden.
  stage.machines[1]!.position++;
  stage.startSegment(1, 5, 1, true);
  stage.persist(1, entries[5]!);
  stage.acknowledge(1, 0, 6);
  expect(stage.sink.violation).toBeUndefined();
  for (const segment of [2, 1]) {
    stage.removeFile(1, walFile(segment));
    expect(stage.checkers.audit()).toBeUndefined();
  }
  stage.crash(1);
  stage.start(1);
  expect(stage.sink.violation).toBeUndefined();
});

test('audit: a ghost that followed the disks agrees with them', () => {
  const stage = started();
  expect(stage.checkers.audit()).toBeUndefined();
  stage.crash(1);
  stage.start(1);
  stage.elect(1, 2, [2]);
  expect(stage.checkers.audit()).toBeUndefined();
});

test('audit: a record that was never reported is noticed', () => {
  const stage = started();
  stage.machines[2]!.files.get(walFile(1))!.pop();
  expect(stage.checkers.audit()).toMatch(
    /^n3: the durable log of the ghost is 1 to 1, that of the disk empty after index 0$/,
  );
});

test('audit: a vote that was never reported is noticed', () => {
  const stage = started();
  stage.machines[2]!.files.set(META_FILE, [{ ...stage.meta(2)!, version: 9, votedFor: 1 }]);
  expect(stage.checkers.audit()).toMatch(/^n3: the ghost has vote 0 of term 1, the disk 1 of term 1$/);
});

test('audit: a replica whose log, term, role or commit index differs from the ghost’s is noticed', () => {
  const stage = started();
  const encoding = (server: number, changes: object = {}) => ({
    currentTerm: 1,
    role: server === 0 ? 'leader' : 'follower',
    commitIndex: 1,
    log: stage.machines[server]!.log.map((entry) => [entry.index, entry.term, entry.hash, 0]),
    ...changes,
  });
  expect(stage.checkers.audit((server) => encoding(server))).toBeUndefined();
  expect(stage.checkers.audit(() => undefined)).toBeUndefined();
  const peer = { member: 1, match: 2, next: 3, inflight: 1, inflightBytes: 32 };
  expect(stage.checkers.audit((server) => encoding(server, { peers: [peer] }))).toBeUndefined();
  for (const changes of [
    { currentTerm: 2 },
    { role: 'candidate' },
    { commitIndex: 2 },
    { log: [] },
    { peers: [{ ...peer, next: 2 }] },
    { peers: [{ ...peer, member: 2 }] },
    { peers: [{ ...peer, inflight: 0 }] },
    { uncommittedBytes: -1 },
  ]) {
    expect(stage.checkers.audit((server) => encoding(server, server === 0 ? changes : {}))).toMatch(/^n1: /);
  }
});
