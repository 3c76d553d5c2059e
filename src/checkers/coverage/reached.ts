/**
 * Situations that only the replica can see. It says so with an event `{ kind: 'reached', situation }`; a user's
 * protocol may report situations of its own the same way.
 */

import type { ProcessId, ProtocolEvent } from '../../kernel/index.js';
import { Recogniser } from './recogniser.js';
import type { Situation, Tally } from './situation.js';
import type { ClusterView } from './view.js';

/** What Raft's replicas report: id and what has happened. */
export const RAFT_REACHED = {
  'raft/check-quorum-step-down':
    'A leader stepped down because no quorum had answered it for an election time-out.',
  'raft/failed-sync-halt': 'A server halted because its disk had not confirmed what it wrote.',
  'raft/lease-read-served': 'A leader answered a read under its lease, without asking anybody.',
  'raft/lease-refused': 'A leader without a valid lease asked its followers before it answered a lease read.',
  'raft/lease-revoked-by-transfer': 'A leader gave up its lease because it handed its leadership over.',
  'raft/read-waited-for-own-commit': 'A read waited for a new leader to commit an entry of its own term.',
  'raft/session-read-waited':
    'A session read waited for entries that its client had already seen the effect of.',
  'raft/uncommitted-quota-reached':
    'A leader turned a command away: too much was appended and not committed.',
  'raft/waiting-reads-quota-reached': 'A server turned a read away: too many were waiting.',
  'raft/inflight-window-full': 'A leader held entries back: too much was on its way to a follower.',
  'raft/downgrade-refused': 'A program refused to start: the cluster has left its version behind.',
  'raft/unknown-entry-halt': 'A server stopped at an entry that its program does not understand.',
} as const satisfies Readonly<Record<`raft/${string}`, string>>;

/** Id of a situation that Raft's replicas report. */
export type RaftReached = keyof typeof RAFT_REACHED;

export const REACHED_SITUATIONS: readonly Situation[] = Object.entries(RAFT_REACHED).map(([id, title]) => ({
  id,
  title,
  protocol: 'raft',
  noticedBy: 'replica',
  criterion: 'The replica reports it.',
}));

export class Reached extends Recogniser {
  override onProtocolEvent(_process: ProcessId, event: ProtocolEvent): void {
    if (event.kind === 'reached') this.reachReported(event.situation);
  }

  override clone(view: ClusterView, tally: Tally): Reached {
    return new Reached(view, tally);
  }
}
