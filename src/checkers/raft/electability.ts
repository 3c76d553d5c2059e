/** Who may stand for election, and whether anybody could win one, by all that the ghost of a run knows. */

import { processOf, type MemberId } from '../../protocols/raft/index.js';
import type { Elections } from '../any/participants.js';
import type { RaftGhost } from './ghost.js';
import { isUpToDate } from './ghost-log.js';
import { isMajority, isVoterOf } from './quorum.js';
import type { ServerGhost } from './server-ghost.js';

export class Electability implements Elections {
  constructor(private readonly ghost: RaftGhost) {}

  /** True when some server that is able to could win an election, if those that are able to voted by §5.4.1. */
  canElect(): boolean {
    return this.ghost.servers.some(
      (candidate, process) =>
        this.ghost.run.participants.isAble(process) &&
        mayStand(this.ghost, candidate) &&
        this.wouldWin(candidate),
    );
  }

  private wouldWin(candidate: ServerGhost): boolean {
    const { voters, outgoing } = candidate.configuration;
    const hasMost = (list: readonly MemberId[]): boolean =>
      isMajority(list.filter((voter) => this.wouldVote(voter, candidate)).length, list);
    return hasMost(voters) && (outgoing.length === 0 || hasMost(outgoing));
  }

  private wouldVote(voter: MemberId, candidate: ServerGhost): boolean {
    const server = this.ghost.serverOf(voter);
    if (server === undefined || !this.ghost.run.participants.isAble(processOf(voter))) return false;
    return isUpToDate(candidate.memory, server.memory);
  }
}

/**
 * Only a voter stands for election; or who was one before the latest configuration, as long as he does not know
 * that this is committed.
 */
export function mayStand(ghost: RaftGhost, server: ServerGhost): boolean {
  if (isVoterOf(server.configuration, server.member)) return true;
  if (server.configurationIndex <= server.commit) return false;
  const previous = ghost.configurationBefore(server);
  return previous !== undefined && isVoterOf(previous, server.member);
}
