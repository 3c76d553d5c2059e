/** Each of Raft's checkers catches a violation that is planted for it. */

import { expect, test } from 'vitest';
import { INVARIANTS } from '../../../src/checkers/index.js';
import { makeEntry } from '../../../src/protocols/raft/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { Stage } from '../stage.js';

const PUT = { op: 'put', key: 'k', value: 'c3.1' };
const CLIENT = 5;

/** By invariant: a story, and how it violates the invariant at its end. */
const CANARIES: Readonly<Record<string, (stage: Stage) => void>> = {
  'raft/election-safety: two servers become leader of one term': (stage) => {
    stage.elect(0, 1, [2, 3]);
    stage.setTerm(1, 1);
    stage.lead(1, 1);
  },
  'raft/election-safety: a deposed leader sends AppendEntries of its successor’s term': (stage) => {
    stage.elect(0, 1);
    stage.elect(1, 2);
    stage.sendEntries(0, 2, []);
  },
  'raft/election-quorum: a grant of an earlier term is counted': (stage) => {
    stage.campaign(0, 1, [1, 2]);
    stage.campaign(0, 2, [1]);
    stage.lead(0, 2);
  },
  'raft/election-quorum: one grant is counted twice': (stage) => {
    stage.campaign(0, 1, [1]);
    stage.answerVote(1, 0, 1, true);
    stage.lead(0, 1);
  },
  'raft/leader-append-only: a leader removes its own entries': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.truncate(0, 1);
  },
  'raft/leader-append-only: a leader overwrites an entry': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.append(0, makeEntry(1, 1, 0, makeCommand(CLIENT, 1, PUT)));
  },
  'raft/leader-append-only: a follower has an entry that no leader created': (stage) => {
    stage.elect(0, 1);
    stage.append(1, makeEntry(1, 1, 0, undefined));
  },
  'raft/log-matching: a follower stores another command under the same index and term': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.append(1, makeEntry(1, 1, 0, makeCommand(CLIENT, 1, PUT)));
  },
  'raft/log-matching: a follower leaves an entry out': (stage) => {
    stage.elect(0, 1);
    stage.propose(0);
    stage.append(1, stage.propose(0));
  },
  'raft/leader-completeness: a server without a committed entry is elected': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.elect(3, 2);
  },
  'raft/leader-completeness: an entry is committed after a later leader was elected without it': (stage) => {
    stage.elect(0, 1);
    const entry = stage.propose(0);
    stage.replicate(0, 1, entry);
    stage.elect(4, 2, [2, 3]);
    stage.machines[2]!.term = 1;
    stage.persist(2, entry);
    stage.commit(0, 1);
  },
  'raft/state-machine-safety: a follower commits its own tail': (stage) => {
    stage.elect(0, 1);
    stage.append(4, stage.propose(0));
    stage.elect(1, 2, [2, 3]);
    stage.commitEverywhere(1, [2, 3]);
    stage.commit(4, 1);
  },
  'raft/term-monotonic: a term goes back': (stage) => {
    stage.elect(0, 2);
    stage.setTerm(1, 1);
  },
  'raft/term-monotonic: a restart forgets a durable term': (stage) => {
    stage.elect(0, 2);
    stage.crash(1);
    stage.start(1, { term: 1 });
  },
  'raft/term-monotonic: a message is ahead of its sender': (stage) => {
    stage.elect(0, 2);
    stage.answerVote(1, 0, 3, false);
  },
  'raft/vote-once: a server votes for two candidates': (stage) => {
    stage.campaign(0, 1, [2]);
    stage.campaign(1, 1, [2]);
  },
  'raft/vote-once: a candidate also votes for somebody else': (stage) => {
    stage.campaign(0, 1, []);
    stage.grant(0, 1, 1);
  },
  'raft/vote-durable: a grant is sent before it is on disk': (stage) => {
    stage.setTerm(1, 1);
    stage.answerVote(1, 0, 1, true);
  },
  'raft/vote-durable: a candidate asks for votes before its own is on disk': (stage) => {
    stage.setTerm(1, 1);
    stage.requestVote(1, 0, 1);
  },
  'raft/vote-durable: a server that does not trust its disk votes': (stage) => {
    stage.crash(1);
    stage.start(1, { trusted: false });
    stage.grant(1, 0, 1);
  },
  'raft/ack-durable: an entry is acknowledged before it is on disk': (stage) => {
    stage.elect(0, 1);
    stage.append(1, stage.propose(0));
    stage.acknowledge(1, 0, 1);
  },
  'raft/ack-durable: an acknowledgement speaks of an entry that a later leader has replaced': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 2, stage.propose(0));
    stage.elect(1, 2);
    stage.propose(1);
    stage.truncate(2, 1);
    stage.acknowledge(2, 1, 1);
  },
  'raft/ack-durable: an entry is acknowledged in a term that the disk does not know': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 2, stage.propose(0));
    stage.elect(0, 2, [1, 3]);
    stage.setTerm(2, 2);
    stage.acknowledge(2, 0, 1);
  },
  'raft/recovered-state: rot is taken for a torn tail': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.replicate(0, 1, stage.propose(0));
    stage.crash(1);
    stage.rot(1, 2);
    stage.start(1);
  },
  'raft/recovered-state: a restart claims an entry that the disk does not hold': (stage) => {
    stage.elect(0, 1);
    stage.append(1, stage.propose(0));
    stage.crash(1);
    stage.start(1, { lastIndex: 1 });
  },
  'raft/recovered-state: a vote that was sent is forgotten with its term': (stage) => {
    stage.campaign(0, 1, [1]);
    stage.crash(1);
    stage.format(1, 1);
    stage.start(1);
  },
  'raft/truncate-on-conflict: a late heartbeat cuts off entries that match': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.truncate(1, 1);
  },
  'raft/commit-monotonic: a commit index goes back': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.commitEverywhere(0, [1, 2]);
    stage.commit(1, 1);
  },
  'raft/commit-monotonic: a commit index passes the end of the log': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.commit(3, 1);
  },
  'raft/commit-monotonic: an entry is applied before it is committed': (stage) => {
    stage.elect(0, 1);
    stage.apply(0, stage.propose(0));
  },
  'raft/commit-monotonic: a committed entry is removed': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    stage.setTerm(1, 2);
    stage.truncate(1, 1);
  },
  'raft/commit-current-term: an entry of an earlier term is committed by counting': (stage) => {
    stage.elect(0, 1);
    const entry = stage.propose(0);
    stage.elect(0, 2);
    for (const follower of [1, 2]) stage.replicate(0, follower, entry);
    stage.commit(0, 1);
  },
  'raft/commit-durable-quorum: two disks of five are taken for a majority': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.commit(0, 1);
  },
  'raft/commit-durable-quorum: a leader counts itself for what it has not synced': (stage) => {
    stage.elect(0, 1);
    const entry = makeEntry(1, 1, 0, undefined);
    stage.append(0, entry);
    for (const follower of [1, 2]) stage.replicate(0, follower, entry);
    stage.commit(0, 1);
  },
  'raft/follower-commit: a follower commits what no leader has committed': (stage) => {
    stage.elect(0, 1);
    stage.replicate(0, 1, stage.propose(0));
    stage.commit(1, 1);
  },
  'raft/acknowledged-durable: an operation is answered before it is applied': (stage) => {
    stage.elect(0, 1);
    stage.reply(0, makeCommand(CLIENT, 1, PUT));
  },
  'raft/acknowledged-durable: an operation is answered before it is committed': (stage) => {
    stage.elect(0, 1);
    const command = makeCommand(CLIENT, 1, PUT);
    stage.propose(0);
    stage.checkers.observers[0]?.onProtocolEvent?.(0, {
      kind: 'applied',
      ...{ index: 1, term: 1, hash: 1, digest: 1, command },
    });
    stage.reply(0, command);
  },
  'raft/acknowledged-durable: servers that lost their disks come back as voters': (stage) => {
    stage.elect(0, 1);
    stage.commitEverywhere(0, [1, 2]);
    for (const server of [1, 2]) {
      stage.crash(server);
      stage.rot(server, 1);
      stage.start(server, { trusted: false });
      stage.cut(server, 1);
    }
    stage.emit(1, { kind: 'trust-regained', term: 1, lastIndex: 0 });
  },
};

for (const [name, story] of Object.entries(CANARIES)) {
  const [invariant = '', what = ''] = name.split(': ');
  test(`${invariant} catches it when ${what}`, () => {
    const stage = new Stage(5);
    story(stage);
    expect(stage.sink.violation).toMatchObject({ invariant });
    expect(stage.sink.violation?.message).toMatch(/\bn[1-5]\b|of 5 servers/);
  });
}

test('every one of Raft’s invariants has a canary', () => {
  const caught = new Set(Object.keys(CANARIES).map((name) => name.split(': ')[0]));
  const ids = INVARIANTS.filter((info) => info.protocol === 'raft').map((info) => info.id);
  expect([...caught].sort((a, b) => ((a ?? '') < (b ?? '') ? -1 : 1))).toEqual(
    ids.sort((a, b) => (a < b ? -1 : 1)),
  );
});
