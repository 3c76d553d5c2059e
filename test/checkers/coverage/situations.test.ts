// Every situation that is recognised from outside: a script that reaches it, and one that nearly does.

import { describe, expect, it } from 'vitest';
import { RAFT_REACHED, SITUATIONS } from '../../../src/checkers/index.js';
import { INTACT, ROTTEN, Script, TORN } from './script.js';

type Play = (script: Script) => unknown;

/** By id: what reaches it, and near misses. */
const PLAYS: Readonly<
  Record<string, { readonly reaches: readonly Play[]; readonly misses: readonly Play[] }>
> = {
  'any/unknown-operation-took-effect': {
    reaches: [(s) => s.invoke(1).giveUp(1).apply(0, 4, 1)],
    misses: [
      (s) => s.invoke(1).apply(0, 4, 1).giveUp(1).apply(1, 4, 1),
      (s) => s.invoke(1).invoke(2).giveUp(1).apply(0, 4, 2),
    ],
  },
  'any/acknowledged-after-deadline': {
    reaches: [(s) => s.invoke(1).giveUp(1).reply(0, 1)],
    misses: [
      (s) => s.invoke(1).reply(0, 1).giveUp(1),
      (s) => s.invoke(1).giveUp(1).turnAway(0, 1),
      (s) => s.invoke(1).giveUp(1).reply(0, 1, { error: 'session-expired' }),
    ],
  },
  'any/operation-ordered-twice': {
    reaches: [(s) => s.invoke(1).apply(0, 4, 1).apply(0, 5, 1)],
    misses: [
      (s) => s.invoke(1).apply(0, 4, 1).apply(1, 4, 1),
      (s) => s.invoke(1).invoke(2).apply(0, 4, 1).apply(0, 5, 2),
    ],
  },
  'any/answered-from-session': {
    reaches: [(s) => s.invoke(1).reply(0, 1).reply(1, 1), (s) => s.invoke(1, 'log').reply(0, 1).reply(0, 1)],
    misses: [
      (s) => s.invoke(1).reply(0, 1),
      (s) => s.invoke(1, 'lease').reply(0, 1).reply(0, 1),
      (s) => s.invoke(1).turnAway(0, 1).reply(0, 1),
    ],
  },
  'any/session-expired': {
    reaches: [(s) => s.invoke(1).reply(0, 1, { error: 'session-expired' })],
    misses: [(s) => s.invoke(1).reply(0, 1, { error: 'not-found' })],
  },
  'any/request-turned-away': {
    reaches: [(s) => s.invoke(1).turnAway(0, 1)],
    misses: [(s) => s.invoke(1).reply(0, 1)],
  },
  'any/no-server-up': {
    reaches: [(s) => s.crash(0, 1, 2)],
    misses: [(s) => s.crash(0, 1).start(0).crash(2)],
  },
  'raft/leader-change-with-uncommitted-entries': {
    reaches: [(s) => s.lead(0, 1).append(0, 1, 3).commit(0, 2).lead(1, 2, 3)],
    misses: [(s) => s.lead(0, 1).append(0, 1, 3).commit(0, 3).lead(1, 2, 3), (s) => s.lead(0, 1, 3)],
  },
  'raft/leader-crashed-with-uncommitted-entries': {
    reaches: [(s) => s.lead(0, 1).append(0, 1).crash(0)],
    misses: [
      (s) => s.lead(0, 1).append(0, 1).commit(0, 1).crash(0),
      (s) => s.append(1, 1).crash(1),
      (s) => s.lead(0, 1).append(0, 1).follow(0, 2).crash(0),
    ],
  },
  'raft/two-leaders-at-once': {
    reaches: [(s) => s.lead(0, 1).lead(1, 2)],
    misses: [(s) => s.lead(0, 1).follow(0, 2).lead(1, 2), (s) => s.lead(0, 1).crash(0).start(0).lead(1, 2)],
  },
  'raft/split-vote': {
    reaches: [(s) => s.candidate(0, 1).candidate(1, 1).candidate(0, 2)],
    misses: [
      (s) => s.candidate(0, 1).candidate(0, 2),
      (s) =>
        s
          .candidate(0, 1)
          .candidate(1, 1)
          .emit(1, { kind: 'became-leader', term: 1, lastIndex: 0 })
          .candidate(0, 2),
    ],
  },
  'raft/pre-vote-refused': {
    reaches: [(s) => s.send(1, 0, { kind: 'PreVoteResponse', term: 1, granted: false })],
    misses: [
      (s) => s.send(1, 0, { kind: 'PreVoteResponse', term: 1, granted: true }),
      (s) => s.send(1, 0, { kind: 'RequestVoteResponse', term: 1, granted: false }),
    ],
  },
  'raft/election-lost-after-pre-vote': {
    reaches: [
      (s) => s.preCandidate(0, 1).candidate(0, 1).follow(0, 1),
      (s) => s.preCandidate(0, 1).candidate(0, 1).preCandidate(0, 2),
    ],
    misses: [
      (s) => s.preCandidate(0, 1).follow(0, 1),
      (s) => s.candidate(0, 1).follow(0, 1),
      (s) => s.preCandidate(0, 1).lead(0, 1).follow(0, 2),
    ],
  },
  'raft/leader-paused-and-deposed': {
    reaches: [
      (s) => {
        s.lead(0, 1).paused.add(0);
        s.lead(1, 2);
      },
    ],
    misses: [
      (s) => s.lead(0, 1).lead(1, 2),
      (s) => {
        s.lead(0, 1).paused.add(2);
        s.lead(1, 2);
      },
    ],
  },
  'raft/clock-jump-on-leader': {
    reaches: [(s) => s.lead(0, 1).jumpClock(0)],
    misses: [(s) => s.lead(0, 1).jumpClock(1), (s) => s.lead(0, 1).follow(0, 2).jumpClock(0)],
  },
  'raft/transfer-done': {
    reaches: [(s) => s.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'done' })],
    misses: [
      (s) => s.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'timed-out' }),
      (s) => s.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'stepped-down' }),
    ],
  },
  'raft/transfer-timed-out': {
    reaches: [(s) => s.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'timed-out' })],
    misses: [
      (s) => s.emit(0, { kind: 'transfer-started', term: 1, to: 1 }),
      (s) => s.emit(0, { kind: 'transfer-ended', term: 1, outcome: 'stepped-down' }),
    ],
  },
  'raft/deposed-leaders-entries-overwritten': {
    reaches: [(s) => s.lead(0, 1).append(0, 1, 2).follow(0, 2).truncate(0, 2)],
    misses: [
      // Entries that it got as a follower.
      (s) => s.append(0, 1, 2).lead(0, 1, 2).append(0, 3).follow(0, 2).append(0, 4).truncate(0, 4),
      // A crash had already cost it its own.
      (s) => s.lead(0, 1).append(0, 1, 2).crash(0).start(0, 0).append(0, 1).truncate(0, 1),
    ],
  },
  'raft/earlier-term-committed-by-own': {
    reaches: [(s) => s.append(0, 1, 2).lead(0, 2, 2).append(0, 3).commit(0, 3)],
    misses: [
      (s) => s.append(0, 1, 2).commit(1, 2).lead(0, 2, 2).append(0, 3).commit(0, 3),
      (s) => s.append(0, 1, 3).follow(0, 2).commit(0, 3),
    ],
  },
  'raft/conflict-over-several-terms': {
    reaches: [(s) => s.refuse(1, 5, 4).refuse(1, 5, 2)],
    misses: [
      (s) => s.refuse(1, 5, 4).refuse(1, 5, 4),
      (s) => s.refuse(1, 5, 4).refuse(1, 6, 2),
      (s) => s.refuse(1, 5, 4).refuse(2, 5, 2),
      (s) => s.refuse(1, 5, 4).respond(1, { term: 5 }).refuse(1, 5, 2),
    ],
  },
  'raft/append-below-compacted-base': {
    reaches: [(s) => s.append(1, 1, 5).compact(1, 4).entries(0, 1, 3)],
    misses: [
      (s) => s.append(1, 1, 5).compact(1, 4).entries(0, 1, 4),
      (s) => s.append(1, 1, 5).compact(1, 4).crash(1).entries(0, 1, 3),
      (s) => s.append(1, 1, 5).compact(1, 4).entries(0, 2, 3),
    ],
  },
  'raft/torn-tail-recovered': {
    reaches: [(s) => s.crash(0).start(0, 1, { files: { 'wal-1': [INTACT, TORN] } })],
    misses: [
      (s) => s.crash(0).start(0, 1, { files: { 'wal-1': [INTACT, ROTTEN] } }),
      (s) => s.crash(0).start(0, 1, { files: { 'wal-1': [INTACT], meta: [TORN] } }),
      (s) => s.crash(0).start(0, 1, { files: { 'wal-1': [TORN] }, trusted: false }),
    ],
  },
  'raft/unsynced-entries-lost': {
    reaches: [(s) => s.append(0, 1, 3).commit(0, 2).crash(0).start(0, 2)],
    misses: [
      (s) => s.append(0, 1, 3).crash(0).start(0, 3),
      (s) => s.append(0, 1, 3).crash(0).start(0, 2, { trusted: false }),
      // It lost its whole disk.
      (s) => s.append(0, 1, 3).commit(0, 2).crash(0).start(0, 0),
    ],
  },
  'raft/untrusted-recovery': {
    reaches: [(s) => s.crash(0).start(0, 0, { trusted: false })],
    misses: [(s) => s.crash(0).start(0)],
  },
  'raft/trust-regained': {
    reaches: [
      (s) =>
        s.crash(0).start(0, 0, { trusted: false }).emit(0, { kind: 'trust-regained', term: 1, lastIndex: 1 }),
    ],
    misses: [(s) => s.crash(0).start(0, 0, { trusted: false })],
  },
  'raft/restart-from-snapshot': {
    reaches: [(s) => s.crash(0).start(0, 5).install(0, 5, false)],
    misses: [(s) => s.install(0, 5, false), (s) => s.crash(0).start(0, 5).install(0, 6, true)],
  },
  'raft/restart-with-several-segments': {
    reaches: [(s) => s.crash(0).start(0, 2, { files: { 'wal-1': [INTACT], 'wal-2': [INTACT] } })],
    misses: [
      (s) => s.crash(0).start(0, 2, { files: { meta: [INTACT], snapshot: [INTACT], 'wal-2': [INTACT] } }),
    ],
  },
  'raft/unfinished-snapshot-found': {
    reaches: [
      (s) => s.crash(0).start(0, 2, { files: { 'snapshot.saving': [INTACT] } }),
      (s) => s.crash(0).start(0, 2, { files: { 'snapshot.incoming': [INTACT] } }),
    ],
    misses: [(s) => s.crash(0).start(0, 2, { files: { snapshot: [INTACT] } })],
  },
  'raft/snapshot-received': {
    reaches: [(s) => s.install(1, 5, true)],
    misses: [(s) => s.crash(1).start(1, 5).install(1, 5, false)],
  },
  'raft/follower-behind-compaction': {
    reaches: [(s) => s.append(0, 1, 6).compact(0, 4).append(1, 1, 3).chunk(0, 1, 1, 0)],
    misses: [(s) => s.append(0, 1, 6).compact(0, 4).append(1, 1, 4).chunk(0, 1, 1, 0)],
  },
  'raft/leader-change-during-snapshot': {
    reaches: [(s) => s.lead(0, 1).chunk(0, 1, 1, 0).lead(2, 2)],
    misses: [
      (s) => s.lead(0, 1).chunk(0, 1, 1, 0).wants(1, 0, 100, true).lead(2, 2),
      (s) => s.lead(0, 1).chunk(0, 1, 1, 0).install(1, 5, true).lead(2, 2),
      (s) => s.lead(0, 1).chunk(0, 1, 1, 0).lead(0, 2),
    ],
  },
  'raft/snapshot-resumed-by-new-leader': {
    reaches: [
      (s) => s.chunk(0, 1, 1, 0).chunk(0, 1, 1, 10).chunk(2, 1, 2, 20),
      // It begins at the beginning, and learns that the follower has more.
      (s) => s.chunk(0, 1, 1, 0).chunk(0, 1, 1, 10).chunk(2, 1, 2, 0).chunk(2, 1, 2, 20),
    ],
    misses: [
      (s) => s.chunk(0, 1, 1, 0).chunk(0, 1, 1, 10).chunk(2, 1, 2, 0).chunk(2, 1, 2, 10).chunk(2, 1, 2, 20),
      (s) => s.chunk(0, 1, 1, 0).chunk(2, 1, 2, 10, 7),
      (s) => s.chunk(0, 1, 1, 0).chunk(0, 1, 1, 20),
    ],
  },
  'raft/snapshot-resumed-after-restart': {
    reaches: [(s) => s.chunk(0, 1, 1, 0).chunk(0, 1, 1, 10).crash(1).start(1).wants(1, 0, 20)],
    misses: [
      (s) => s.chunk(0, 1, 1, 0).chunk(0, 1, 1, 10).wants(1, 0, 20),
      (s) => s.chunk(0, 1, 1, 0).chunk(0, 1, 1, 10).crash(1).start(1).wants(1, 0, 0),
      // From the beginning again; then what it asks for next is no memory of before.
      (s) =>
        s
          .chunk(0, 1, 1, 0)
          .crash(1)
          .start(1)
          .wants(1, 0, 0)
          .chunk(0, 1, 1, 0)
          .chunk(0, 1, 1, 10)
          .wants(1, 0, 20),
    ],
  },
  'raft/snapshot-given-up': {
    reaches: [(s) => s.emit(1, { kind: 'snapshot-failed', index: 5, reason: 'checksum' })],
    misses: [(s) => s.chunk(0, 1, 1, 0).install(1, 5, true)],
  },
  'raft/snapshot-within-longer-log': {
    reaches: [(s) => s.append(1, 1, 7).install(1, 5, true)],
    misses: [(s) => s.append(1, 1, 5).install(1, 5, true), (s) => s.append(1, 1, 7).install(1, 5, false)],
  },
  'raft/snapshot-while-joint': {
    reaches: [(s) => s.configure(0, 4, { outgoing: [0, 1] }).save(0, 4)],
    misses: [
      (s) => s.configure(0, 4, { outgoing: [0, 1] }).save(0, 3),
      (s) =>
        s
          .configure(0, 4, { outgoing: [0, 1] })
          .configure(0, 5, {})
          .save(0, 5),
      (s) => s.configure(0, 4, { outgoing: [0, 1] }).save(0, 4, true),
    ],
  },
  'raft/compacted-with-retained-tail': {
    reaches: [(s) => s.save(0, 9).compact(0, 5)],
    misses: [(s) => s.save(0, 9).compact(0, 9), (s) => s.save(1, 9).compact(0, 5)],
  },
  'raft/joint-entered': {
    reaches: [
      (s) =>
        s
          .configure(0, 0, {})
          .lead(0, 1)
          .configure(0, 4, { outgoing: [0, 1] }),
    ],
    misses: [
      (s) => s.configure(0, 0, {}).configure(0, 4, { outgoing: [0, 1] }),
      (s) =>
        s
          .configure(0, 0, {})
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1] }),
    ],
  },
  'raft/joint-left-automatically': {
    reaches: [
      (s) =>
        s
          .configure(0, 4, { outgoing: [0, 1], autoLeave: true })
          .lead(0, 1)
          .configure(0, 5, {}),
    ],
    misses: [
      (s) =>
        s
          .configure(0, 4, { outgoing: [0, 1], autoLeave: false })
          .lead(0, 1)
          .configure(0, 5, {}),
      (s) => s.configure(0, 4, { outgoing: [0, 1], autoLeave: true }).configure(0, 5, {}),
    ],
  },
  'raft/leader-change-while-joint': {
    reaches: [(s) => s.configure(0, 4, { outgoing: [0, 1] }).lead(0, 1)],
    misses: [
      (s) =>
        s
          .configure(0, 4, { outgoing: [0, 1] })
          .configure(0, 5, {})
          .lead(0, 1),
    ],
  },
  'raft/configuration-reverted': {
    reaches: [(s) => s.configure(0, 4, { voters: [0, 1] }).configure(0, 0, {})],
    misses: [
      (s) => s.configure(0, 0, {}).configure(0, 4, { voters: [0, 1] }),
      (s) =>
        s
          .configure(0, 4, { voters: [0, 1] })
          .crash(0)
          .start(0)
          .configure(0, 0, {}),
    ],
  },
  'raft/leader-removed-itself': {
    reaches: [
      (s) =>
        s
          .configure(0, 4, { voters: [1, 2] })
          .lead(0, 1, 4)
          .append(0, 5)
          .commit(0, 5),
    ],
    misses: [
      (s) =>
        s
          .configure(0, 4, { voters: [1, 2] })
          .lead(0, 1, 4)
          .commit(0, 3),
      (s) =>
        s
          .configure(0, 4, { voters: [0, 1] })
          .lead(0, 1, 4)
          .commit(0, 4),
      (s) => s.configure(0, 4, { voters: [1, 2] }).commit(0, 4),
      (s) =>
        s
          .configure(0, 4, { voters: [1, 2], outgoing: [0, 1] })
          .lead(0, 1, 4)
          .commit(0, 4),
    ],
  },
  'raft/learner-promoted': {
    reaches: [
      (s) =>
        s
          .configure(0, 1, { voters: [0, 1], learners: [2] })
          .lead(0, 1)
          .configure(0, 4, {}),
    ],
    misses: [
      (s) =>
        s
          .configure(0, 1, { voters: [0, 1] })
          .lead(0, 1)
          .configure(0, 4, {}),
      (s) => s.configure(0, 1, { voters: [0, 1], learners: [2] }).configure(0, 4, {}),
    ],
  },
  'raft/member-demoted': {
    reaches: [
      (s) =>
        s
          .configure(0, 1, {})
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1], learners: [2] }),
      (s) =>
        s
          .configure(0, 1, { voters: [0, 1], outgoing: [0, 1, 2] })
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1], learners: [2] }),
    ],
    misses: [
      (s) =>
        s
          .configure(0, 1, { voters: [0, 1] })
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1], learners: [2] }),
    ],
  },
  'raft/spare-added': {
    reaches: [
      (s) =>
        s
          .configure(0, 1, { voters: [0, 1] })
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1], learners: [2] }),
    ],
    misses: [
      (s) =>
        s
          .configure(0, 1, { voters: [0, 1] })
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1], learners: [4098] }),
      (s) =>
        s
          .configure(0, 1, {})
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1], learners: [2] }),
    ],
  },
  'raft/lost-disk-replaced': {
    reaches: [
      (s) =>
        s
          .configure(0, 1, {})
          .lead(0, 1)
          .configure(0, 4, { learners: [4098] }),
    ],
    misses: [
      (s) =>
        s
          .configure(0, 1, { voters: [0, 1] })
          .lead(0, 1)
          .configure(0, 4, {}),
      (s) =>
        s
          .configure(0, 1, { learners: [4098] })
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1, 4098] }),
    ],
  },
  'raft/configuration-changed-during-partition': {
    reaches: [
      (s) => {
        s.configure(0, 1, {}).lead(0, 1).cut.add('2>1');
        s.configure(0, 4, { voters: [0, 1] });
      },
    ],
    misses: [
      (s) =>
        s
          .configure(0, 1, {})
          .lead(0, 1)
          .configure(0, 4, { voters: [0, 1] }),
      (s) => {
        s.configure(0, 1, {}).cut.add('2>1');
        s.configure(0, 4, { voters: [0, 1] });
      },
    ],
  },
  'raft/change-refused-before-own-commit': {
    reaches: [(s) => s.lead(0, 1, 3).append(0, 4).commit(0, 3).admin(0, 'busy')],
    misses: [
      (s) => s.lead(0, 1, 3).append(0, 4).commit(0, 4).admin(0, 'busy'),
      (s) => s.lead(0, 1, 3).admin(0, 'ok'),
      (s) => s.lead(0, 1, 3).admin(1, 'busy'),
    ],
  },
  'raft/change-refused-while-another': {
    reaches: [
      (s) =>
        s
          .lead(0, 1, 3)
          .append(0, 4)
          .commit(0, 4)
          .configure(0, 5, { outgoing: [0, 1] })
          .admin(0, 'refused'),
      (s) =>
        s
          .lead(0, 1, 3)
          .append(0, 4)
          .commit(0, 4)
          .configure(0, 5, { voters: [0, 1] })
          .admin(0, 'busy'),
    ],
    misses: [
      (s) =>
        s
          .lead(0, 1, 3)
          .append(0, 4)
          .configure(0, 4, { voters: [0, 1] })
          .commit(0, 4)
          .admin(0, 'busy'),
      (s) =>
        s
          .lead(0, 1, 3)
          .configure(0, 4, { outgoing: [0, 1] })
          .admin(0, 'busy'),
    ],
  },
  'raft/follower-read-served': {
    reaches: [(s) => s.lead(0, 1).invoke(1, 'follower').reply(1, 1)],
    misses: [
      (s) => s.lead(0, 1).invoke(1, 'follower').reply(0, 1),
      (s) => s.lead(0, 1).invoke(1, 'stale').reply(1, 1),
    ],
  },
  'raft/stale-read-behind': {
    reaches: [(s) => s.commit(0, 5).invoke(1, 'stale').reply(1, 1, null, 4)],
    misses: [
      (s) => s.commit(0, 5).invoke(1, 'stale').reply(1, 1, null, 5),
      (s) => s.commit(0, 5).invoke(1, 'session').reply(1, 1, null, 4),
    ],
  },
  'raft/version-announced': {
    reaches: [(s) => s.entries(0, 1, 0, { index: 1, system: { kind: 'announce' } })],
    misses: [
      (s) => s.entries(0, 1, 0, { index: 1, system: { kind: 'activate' } }),
      (s) => s.entries(0, 1, 0, { index: 1 }),
    ],
  },
  'raft/version-activated': {
    reaches: [(s) => s.emit(0, { kind: 'version-activated', index: 4, version: 2 })],
    misses: [(s) => s.entries(0, 1, 0, { index: 1, system: { kind: 'activate' } })],
  },
  'raft/mixed-versions': {
    reaches: [(s) => s.respond(1, { version: 1 }).respond(2, { version: 2 })],
    misses: [
      (s) => s.respond(1, { version: 2 }).respond(2, { version: 2 }),
      (s) => s.respond(1, { version: 1 }).crash(1).respond(2, { version: 2 }),
      (s) => s.respond(1, {}).respond(2, { version: 2 }),
    ],
  },
  'raft/canary-rolled-back': {
    reaches: [(s) => s.respond(1, { version: 2 }).crash(1).start(1).respond(1, { version: 1 })],
    misses: [
      (s) => s.respond(1, { version: 1 }).crash(1).start(1).respond(1, { version: 2 }),
      (s) => s.respond(1, { version: 2 }).respond(2, { version: 1 }),
    ],
  },
};

/** PBFT's have a file of their own. */
const recognised = SITUATIONS.filter(
  ({ noticedBy, protocol }) => noticedBy === 'outside' && protocol !== 'pbft',
);

describe.each(recognised)('$id', ({ id }) => {
  it.each([false, true])('is reached when it is, and only then (forked: %s)', (forks) => {
    const plays = PLAYS[id];
    expect(plays, 'a script for every situation').toBeDefined();
    for (const play of plays?.reaches ?? []) {
      const script = new Script(forks);
      play(script);
      expect(script.coverage()[id], String(play)).toBe(1);
    }
    for (const play of plays?.misses ?? []) {
      const script = new Script(forks);
      play(script);
      expect(script.coverage()[id], String(play)).toBeUndefined();
    }
  });
});

describe('coverage observer', () => {
  it('there is no script without a situation', () => {
    expect(Object.keys(PLAYS).sort()).toEqual(recognised.map(({ id }) => id).sort());
  });

  it('counts what replicas report, listed or not; lists first', () => {
    const script = new Script();
    for (const situation of ['mine/queue-full', ...Object.keys(RAFT_REACHED), 'mine/queue-full', 'another']) {
      script.emit(0, { kind: 'reached', situation });
    }
    const ones = Object.keys(RAFT_REACHED).map((id) => [id, 1]);
    expect(Object.entries(script.coverage())).toEqual([...ones, ['another', 1], ['mine/queue-full', 2]]);
  });

  it("watches any protocol's clients, and Raft's messages of Raft only", () => {
    const script = new Script(false, 'mine');
    script.lead(0, 1).lead(1, 2).invoke(1).giveUp(1).reply(0, 1);
    expect(script.coverage()).toEqual({ 'any/acknowledged-after-deadline': 1 });
  });

  it('counts a repetition once a place, an announcement once an index, a split vote once a term', () => {
    const script = new Script();
    script.invoke(1).apply(0, 4, 1).apply(0, 5, 1).apply(1, 4, 1).apply(1, 5, 1).apply(1, 6, 1);
    script.entries(0, 1, 0, { index: 1, system: { kind: 'announce' } });
    script.entries(0, 2, 0, { index: 1, system: { kind: 'announce' } });
    script.candidate(0, 1).candidate(1, 1).candidate(0, 2).candidate(1, 2).candidate(2, 2).candidate(0, 3);
    expect(script.coverage()).toMatchObject({
      'any/operation-ordered-twice': 2,
      'raft/version-announced': 1,
      'raft/split-vote': 2,
    });
  });

  it('a reply to what no client asked for says nothing', () => {
    const script = new Script().reply(0, 7).reply(0, 7);
    expect(script.coverage()).toEqual({});
  });
});
