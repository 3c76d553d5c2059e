/**
 * What clients ask for, and how much of it is let in: bounds on what a leader has appended and not committed,
 * so that a cluster that falls behind turns work away at the door instead of piling it up. Whoever is turned
 * away is told why.
 */

import {
  busyReply,
  notLeaderReply,
  type ClientRequest,
  type Command,
  type ProcessId,
} from '../../kernel/index.js';
import { RaftMembership } from './membership.js';

export abstract class RaftAdmission extends RaftMembership {
  /** Leader: bytes of the entries after the commit index. Invariant: 0 when everything is committed. */
  protected uncommittedBytes = 0;

  protected override startLeading(): void {
    this.uncommittedBytes = this.log.bytesAfter(this.commitIndex);
    super.startLeading();
  }

  protected onClientRequest(from: ProcessId, message: ClientRequest): void {
    const { command } = message;
    if (command.read !== undefined && this.serveRead(from, message, command.read)) return;
    if (this.role !== 'leader') {
      this.host.send(from, notLeaderReply(command.sequence, this.leader));
      return;
    }
    const reason = this.reasonToReject(command);
    if (reason === undefined) {
      this.uncommittedBytes += command.bytes;
      this.propose(command, undefined);
      return;
    }
    if (reason !== 'transferring') this.reached('raft/uncommitted-quota-reached');
    this.emit({ kind: 'rejected', reason });
    this.host.send(from, busyReply(command.sequence, reason));
  }

  /** Why this command is not let in now; undefined when it is. */
  protected reasonToReject(command: Command): string | undefined {
    const { maxUncommittedEntries, maxUncommittedBytes } = this.settings;
    if (this.transferTo >= 0) return 'transferring';
    if (this.log.lastIndex - this.commitIndex >= maxUncommittedEntries) return 'uncommitted-entries';
    const isFull = this.uncommittedBytes + command.bytes > maxUncommittedBytes;
    return isFull && this.uncommittedBytes > 0 ? 'uncommitted-bytes' : undefined;
  }

  /** Counts anew: what is left after the commit index. */
  protected recountUncommitted(): void {
    this.uncommittedBytes =
      this.commitIndex === this.log.lastIndex ? 0 : this.log.bytesAfter(this.commitIndex);
  }

  protected override copyFrom(other: RaftAdmission): void {
    super.copyFrom(other);
    this.uncommittedBytes = other.uncommittedBytes;
  }
}
