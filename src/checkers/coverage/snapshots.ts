/** Rare situations of snapshots and compaction: Raft §7. */

import type { Message, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import type { SeenInstallSnapshot, SeenInstallSnapshotResponse } from './messages.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView } from './view.js';

export const SNAPSHOT_RECEIVED = outside(
  'snapshot-received',
  "A follower took over a leader's snapshot.",
  'A server installs a snapshot that it has received.',
);
export const FOLLOWER_BEHIND_COMPACTION = outside(
  'follower-behind-compaction',
  'A follower was so far behind that the leader had compacted what it lacked.',
  "A transfer of a snapshot begins to a server whose log ends before the leader's begins.",
);
export const CHANGE_DURING_SNAPSHOT = outside(
  'leader-change-during-snapshot',
  'A leader was elected while another one was sending a snapshot.',
  'A server becomes leader while a transfer that a leader of an earlier term began is not finished.',
);
export const RESUMED_BY_NEW_LEADER = outside(
  'snapshot-resumed-by-new-leader',
  'A new leader sent only the rest of a snapshot that its predecessor had begun to send.',
  'A leader goes on with the same snapshot for the same follower beyond what it has sent itself.',
);
export const RESUMED_AFTER_RESTART = outside(
  'snapshot-resumed-after-restart',
  'A follower restarted while it received a snapshot, and went on where it had been.',
  'A restarted follower asks for the rest of the snapshot, and has not been sent its beginning again.',
);
export const SNAPSHOT_GIVEN_UP = outside(
  'snapshot-given-up',
  'A snapshot that was being received was not installed.',
  'A server reports that it gives up a snapshot that it was receiving.',
);
export const SNAPSHOT_WITHIN_LOG = outside(
  'snapshot-within-longer-log',
  'A snapshot was received by a server whose log went on beyond it.',
  "A server installs a received snapshot that ends before the server's log does.",
);
export const SNAPSHOT_WHILE_JOINT = outside(
  'snapshot-while-joint',
  'A snapshot was saved while two configurations were in force.',
  'A server saves a snapshot of its own at or after the entry of the joint configuration that it acts by.',
);
export const RETAINED_TAIL = outside(
  'compacted-with-retained-tail',
  'A log was compacted, and entries of the snapshot stayed for followers a little behind.',
  'A log begins anew after an index below that of the latest snapshot that is saved there.',
);

export const SNAPSHOT_SITUATIONS = [
  SNAPSHOT_RECEIVED,
  FOLLOWER_BEHIND_COMPACTION,
  CHANGE_DURING_SNAPSHOT,
  RESUMED_BY_NEW_LEADER,
  RESUMED_AFTER_RESTART,
  SNAPSHOT_GIVEN_UP,
  SNAPSHOT_WITHIN_LOG,
  SNAPSHOT_WHILE_JOINT,
  RETAINED_TAIL,
];

/** The latest transfer of a snapshot to one server. */
class Transfer {
  isUnderWay = false;
  leader: ProcessId = -1;
  term = 0;
  /** Of the snapshot. */
  index = 0;
  /** Where the first piece ends, and the furthest that this leader has sent. */
  firstEnd = 0;
  sentTo = 0;
  /** True when an earlier leader had begun to send the same snapshot. */
  isTakenOver = false;
  /** The receiver's incarnation when it was last sent the beginning. */
  incarnation = 0;

  clone(): Transfer {
    return Object.assign(new Transfer(), this);
  }
}

export class Snapshots extends Recogniser {
  /** By receiver. */
  private transfers = this.view.servers.map(() => new Transfer());
  /** By server: index of the latest snapshot saved there. */
  private saved: number[] = this.view.servers.map(() => 0);

  override onSend(from: ProcessId, to: ProcessId, message: Message): void {
    if (message.kind === 'InstallSnapshot') this.sent(from, to, message as SeenInstallSnapshot);
    else if (message.kind === 'InstallSnapshotResponse') {
      this.answered(from, message as SeenInstallSnapshotResponse);
    }
  }

  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.view.server(process);
    if (server === undefined) return;
    switch (event.kind) {
      case 'became-leader':
        this.becameLeader(process, event.term);
        break;
      case 'snapshot-installed':
        if (!event.received) break;
        this.reach(SNAPSHOT_RECEIVED);
        if (event.index < server.last) this.reach(SNAPSHOT_WITHIN_LOG);
        (this.transfers[process] as Transfer).isUnderWay = false;
        break;
      case 'snapshot-failed':
        this.reach(SNAPSHOT_GIVEN_UP);
        break;
      case 'snapshot-saved': {
        const isJoint = (server.configuration?.outgoing.length ?? 0) > 0;
        const isCovered = server.configurationIndex <= event.index;
        if (isJoint && isCovered && !event.received) this.reach(SNAPSHOT_WHILE_JOINT);
        this.saved[process] = event.index;
        break;
      }
      case 'compacted':
        if (event.index < (this.saved[process] ?? 0)) this.reach(RETAINED_TAIL);
        break;
      default:
        break;
    }
  }

  override clone(view: ClusterView, tally: Tally): Snapshots {
    const copy = new Snapshots(view, tally);
    copy.transfers = this.transfers.map((transfer) => transfer.clone());
    copy.saved = this.saved.slice();
    return copy;
  }

  private sent(from: ProcessId, to: ProcessId, message: SeenInstallSnapshot): void {
    const transfer = this.transfers[to];
    if (transfer === undefined) return;
    const { term, header, offset, text } = message;
    const isSame = transfer.isUnderWay && transfer.index === header.index;
    if (!isSame || transfer.leader !== from || transfer.term !== term) this.begins(from, to, message, isSame);
    const end = offset + text.length;
    if (offset === 0) {
      transfer.firstEnd = end;
      transfer.incarnation = this.view.server(to)?.incarnation ?? 0;
    } else if (transfer.isTakenOver && offset > transfer.sentTo) {
      this.reach(RESUMED_BY_NEW_LEADER);
      transfer.isTakenOver = false;
    }
    if (end > transfer.sentTo) transfer.sentTo = end;
  }

  private begins(from: ProcessId, to: ProcessId, message: SeenInstallSnapshot, isSame: boolean): void {
    const transfer = this.transfers[to] as Transfer;
    const leader = this.view.server(from);
    const follower = this.view.server(to);
    if (leader !== undefined && follower !== undefined && follower.last < leader.base) {
      this.reach(FOLLOWER_BEHIND_COMPACTION);
    }
    transfer.isUnderWay = true;
    transfer.leader = from;
    transfer.term = message.term;
    transfer.index = message.header.index;
    transfer.isTakenOver = isSame;
    transfer.sentTo = 0;
  }

  private answered(follower: ProcessId, message: SeenInstallSnapshotResponse): void {
    const transfer = this.transfers[follower];
    if (transfer === undefined || !transfer.isUnderWay || transfer.index !== message.index) return;
    if (message.installed) {
      transfer.isUnderWay = false;
      return;
    }
    const incarnation = this.view.server(follower)?.incarnation ?? 0;
    if (incarnation === transfer.incarnation || message.nextOffset <= transfer.firstEnd) return;
    this.reach(RESUMED_AFTER_RESTART);
    transfer.incarnation = incarnation;
  }

  private becameLeader(process: ProcessId, term: number): void {
    for (const transfer of this.transfers) {
      if (transfer.isUnderWay && transfer.leader !== process && transfer.term < term) {
        this.reach(CHANGE_DURING_SNAPSHOT);
        return;
      }
    }
  }
}
