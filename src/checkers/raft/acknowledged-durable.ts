/** Committed work stays on enough disks that no election can lose it. */

import type { Membership, ProcessId } from '../../kernel/index.js';
import type { MemberId } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { isUpToDate } from './ghost-log.js';
import { isMajority, isVoterOf } from './quorum.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const ACKNOWLEDGED_DURABLE = raftSafety(
  'acknowledged-durable',
  'Acknowledged work is committed, and no quorum of voters ever lacks committed work on disk.',
  'When a server answers an operation of a client with ok, the operation (unless it is a read) was applied at some index i, and a leader has committed i. At all times, of the latest committed configuration no quorum (of neither half, while it is joint) consists only of servers that may vote and lack some committed entry durably; and for every server that lacks one, of the configuration that it acts by no quorum consists only of such servers whose durable logs are no more up-to-date than its own: it could be elected. (A configuration that was left behind may otherwise be without a holder.) A server that does not trust its disk may not vote: it counts neither way, until it says that it trusts it again. A server damaged while it is down counts neither way until it has read its disk; one damaged while it runs counts by what it was told is durable, since that is the log it votes with, until it starts again. The first is judged at every reply; the second, together with raft/commit-durable-quorum, which judges every commit, at every crash, recovery and return of trust and whenever durable entries are replaced or cut.',
  '§5.4.3 and §8; damage: Alagappan et al. (FAST 2018), §3',
);

export class AcknowledgedDurable extends RaftChecker {
  override readonly info = ACKNOWLEDGED_DURABLE;

  onReply(process: ProcessId, client: ProcessId, sequence: number): void {
    const { run, committed } = this.ghost;
    const index = run.order.indexOf(client, sequence);
    if (index > 0 && index <= committed.last) return;
    // An answer to something that was judged long ago, repeated by the network.
    if (run.history.isForgotten(client, sequence)) return;
    if (run.history.isRead(client, sequence)) return;
    const why = index === 0 ? 'no server has applied it' : `its index ${index} is not committed`;
    this.violate(
      `${this.ghost.name(process)} acknowledged operation ${sequence} of ${this.ghost.name(client)}, but ${why}`,
    );
  }

  /** Something may have made a server's durable log shorter, or its vote count again. */
  onChange(): void {
    const { servers, committed, committedConfiguration } = this.ghost;
    if (committed.last === 0 || committedConfiguration === undefined) return;
    this.judge(committedConfiguration.configuration, undefined);
    for (let i = 0; i < servers.length; i++) {
      const server = servers[i] as ServerGhost;
      const configuration = this.configurationOf(server);
      if (this.lacks(server) && isVoterOf(configuration, server.member)) this.judge(configuration, server);
    }
  }

  /** What a server acts by; when a snapshot has just come to its disk, what that says: it is about to act by it. */
  private configurationOf({ configuration, configurationIndex, disk }: ServerGhost): Membership {
    const inSnapshot = disk.snapshot?.configurationIndex ?? 0;
    if (inSnapshot <= configurationIndex) return configuration;
    return this.ghost.agreedConfigurationAt(inSnapshot)?.configuration ?? configuration;
  }

  /** `candidate`: only those count who would vote for it. */
  private judge({ voters, outgoing }: Membership, candidate: ServerGhost | undefined): void {
    const lacking = this.countLacking(voters, candidate);
    if (!isMajority(lacking, voters)) return;
    if (outgoing.length > 0 && !isMajority(this.countLacking(outgoing, candidate), outgoing)) return;
    this.violate(
      `${lacking} of ${voters.length} servers may vote without having the committed log up to index ` +
        `${this.ghost.committed.last} on disk: a majority could elect a leader that has lost it`,
    );
  }

  private countLacking(voters: readonly MemberId[], candidate: ServerGhost | undefined): number {
    let count = 0;
    for (let i = 0; i < voters.length; i++) {
      // A process that is another member by now votes for that one only.
      const server = this.ghost.serverOf(voters[i] as MemberId);
      if (server === undefined || !this.lacks(server)) continue;
      if (candidate === undefined || isUpToDate(candidate.durable, server.durable)) count++;
    }
    return count;
  }

  private lacks(server: ServerGhost): boolean {
    const { committed } = this.ghost;
    return server.isTrusted && server.isSettled && !server.durable.agreesWith(committed, committed.last);
  }
}
