/**
 * The audit of the Raft ghost: what was built up event by event is computed again from the disks (and from
 * the replicas' own encodings, where the caller has them) and must be the same. Slow; for tests and CI.
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import type { CheckerContext } from '../checker.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';
import { GhostLog } from './ghost-log.js';

/** Says in one sentence where ghost and truth differ; undefined when they agree. */
export function auditDisks(ghost: RaftGhost, context: CheckerContext): string | undefined {
  for (let process = 0; process < ghost.servers.length; process++) {
    const server = ghost.servers[process] as ServerGhost;
    // After damage the ghost keeps what the replica was told, until the next start.
    if (server.isDamaged) continue;
    const difference = auditDisk(ghost, server, process, context);
    if (difference !== undefined) return `${ghost.name(process)}: ${difference}`;
  }
  return undefined;
}

function auditDisk(
  ghost: RaftGhost,
  { disk }: ServerGhost,
  process: ProcessId,
  context: CheckerContext,
): string | undefined {
  const truth = disk.recomputed((file) => context.durableRecords(process, file), ghost.committed);
  if (truth.snapshotIndex !== disk.snapshotIndex) {
    return `the ghost has a snapshot up to index ${disk.snapshotIndex}, the disk up to ${truth.snapshotIndex}`;
  }
  if (!sameLog(truth.log, disk.log)) {
    return `the durable log of the ghost is ${rangeOf(disk.log)}, that of the disk ${rangeOf(truth.log)}`;
  }
  if (truth.metaTerm === disk.metaTerm && truth.metaVote === disk.metaVote) return undefined;
  return `the ghost has vote ${disk.metaVote} of term ${disk.metaTerm}, the disk ${truth.metaVote} of term ${truth.metaTerm}`;
}

/** Compares a server's ghost with its replica's encoding; fields that are not there are not compared. */
export function auditReplica(ghost: RaftGhost, process: ProcessId, encoded: Plain): string | undefined {
  const server = ghost.servers[process];
  if (server === undefined || !server.isUp || encoded === null || typeof encoded !== 'object')
    return undefined;
  const replica = encoded as { readonly [key: string]: Plain | undefined };
  const name = ghost.name(process);
  const { currentTerm, commitIndex, role, log, baseIndex, baseTerm } = replica;
  if (typeof currentTerm === 'number' && currentTerm !== server.term) {
    return `${name}: the ghost is in term ${server.term}, the replica in term ${currentTerm}`;
  }
  if (typeof commitIndex === 'number' && commitIndex !== server.commit) {
    return `${name}: the ghost has committed up to index ${server.commit}, the replica up to ${commitIndex}`;
  }
  if (typeof role === 'string' && (role === 'leader') !== server.isLeader) {
    return `${name}: the replica is ${role}, to the ghost it ${server.isLeader ? 'leads' : 'does not lead'}`;
  }
  const book = server.isLeader ? auditBook(ghost, server, process, replica) : undefined;
  if (book !== undefined) return `${name}: ${book}`;
  if (!Array.isArray(log)) return undefined;
  const memory = new GhostLog();
  if (typeof baseIndex === 'number' && typeof baseTerm === 'number') {
    memory.resetAfter(baseIndex, baseTerm, server.memory, ghost.committed);
  }
  for (const entry of log as readonly (readonly number[])[]) {
    const [index = 0, term = 0, hash = 0] = entry;
    memory.put(index, term, hash);
  }
  if (sameLog(memory, server.memory)) return undefined;
  return `${name}: the log of the ghost is ${rangeOf(server.memory)}, that of the replica ${rangeOf(memory)}`;
}

/**
 * What a leader keeps of its members: a match index is below the next one, within the leader's log, and no more
 * than the member has acknowledged to it; counters of what is on the way are no less than 0, and what is
 * uncommitted is 0 when all is committed.
 */
function auditBook(
  ghost: RaftGhost,
  { term, memory, commit }: ServerGhost,
  leader: ProcessId,
  { peers, uncommittedBytes }: { readonly [key: string]: Plain | undefined },
): string | undefined {
  if (typeof uncommittedBytes === 'number') {
    const isRight = commit === memory.last ? uncommittedBytes === 0 : uncommittedBytes >= 0;
    if (!isRight) return `it counts ${uncommittedBytes} uncommitted bytes in ${memory.last - commit} entries`;
  }
  if (!Array.isArray(peers) || ghost.leaders.of(term)?.leader !== leader) return undefined;
  for (const peer of peers as readonly { readonly [key: string]: Plain | undefined }[]) {
    const { member, match, next } = peer;
    const messages = Number(peer['inflight'] ?? 0);
    const bytes = Number(peer['inflightBytes'] ?? 0);
    if (typeof member !== 'number' || typeof match !== 'number' || typeof next !== 'number') continue;
    const acknowledged = ghost.pledgesOf(member)?.acknowledged.get(term) ?? 0;
    if (match >= next || match > memory.last || match > acknowledged) {
      return `of member ${member} it has match index ${match} and next ${next}, acknowledged is ${acknowledged}`;
    }
    if (messages < 0 || bytes < 0 || (messages === 0 && bytes !== 0)) {
      return `to member ${member} it counts ${bytes} bytes in ${messages} messages on the way`;
    }
  }
  return undefined;
}

function sameLog(a: GhostLog, b: GhostLog): boolean {
  return a.base === b.base && a.last === b.last && a.agreesWith(b, a.last);
}

/** For messages. */
function rangeOf({ base, last }: GhostLog): string {
  return base === last ? `empty after index ${base}` : `${base + 1} to ${last}`;
}
