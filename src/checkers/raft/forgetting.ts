/**
 * What the ghost of a long run forgets, from below: what every server that has a snapshot has put behind it, and
 * what belongs to terms that everybody has left.
 */

import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { RaftGhost } from './ghost.js';

/** A server that stays behind by more entries than this no longer holds back what is forgotten. */
const ENTRIES_BEHIND_MAX = 1 << 16;
/** Forgetting less than this at a time is not worth the walk. */
const ENTRIES_FORGOTTEN_MIN = 64;
/** A server, other than one that leads, that stays behind by more terms than this no longer holds back what is forgotten. */
const TERMS_BEHIND_MAX = 1024;

/** Forgets the agreed log below what every server that has a snapshot has put behind it. */
export function forgetCommitted(ghost: RaftGhost): void {
  const { committed } = ghost;
  let floor = committed.last;
  let hasSnapshot = false;
  for (const { disk, memory } of ghost.servers) {
    if (disk.snapshot === undefined) continue;
    hasSnapshot = true;
    if (memory.base < floor) floor = memory.base;
    if (disk.log.base < floor) floor = disk.log.base;
    if (disk.snapshot.index < floor) floor = disk.snapshot.index;
  }
  if (!hasSnapshot) return;
  if (floor < committed.last - ENTRIES_BEHIND_MAX) floor = committed.last - ENTRIES_BEHIND_MAX;
  if (floor < committed.base + ENTRIES_FORGOTTEN_MIN) return;
  committed.dropBelow(floor);
  ghost.committedIn.dropBelow(floor);
  forgetTerms(ghost, floor);
}

/**
 * Forgets leaders, claims, votes and acknowledgements of terms that have ended. To act in such a term, a server
 * would have to take its term back, which raft/term-monotonic reports, or to come with a new disk, which is a
 * member that nobody counts in a configuration of old. A claim to such a term, or a vote in one by a server
 * that has left it, is a violation by itself; so whom the forgotten ones were for makes no difference.
 */
function forgetTerms(ghost: RaftGhost, floor: LogIndex): void {
  const { leaders, former } = ghost;
  const before = leaders.lowestTerm;
  leaders.dropBelow(floor, endedTerm(ghost));
  const { lowestTerm } = leaders;
  if (lowestTerm === before) return;
  ghost.claims.dropBelow(lowestTerm);
  for (const { pledges } of ghost.servers) pledges.dropBelow(lowestTerm);
  for (const [member, pledges] of former) {
    if (pledges.latestTerm < lowestTerm) former.delete(member);
    else pledges.dropBelow(lowestTerm);
  }
}

/** The lowest term that any server is in, in memory or after a power loss; terms below it have ended. */
function endedTerm({ leaders, servers }: RaftGhost): Term {
  const { highestTerm } = leaders;
  const behind = highestTerm - TERMS_BEHIND_MAX;
  let lowest = highestTerm;
  for (const server of servers) {
    const durable = server.durableTerm();
    // A blank disk has never been in any term.
    if (server.term === 0 && durable === 0) continue;
    let term = server.term < durable ? server.term : durable;
    if (term < behind && !server.isLeader) term = behind;
    if (term < lowest) lowest = term;
  }
  return lowest;
}
