/**
 * Ghost of one server of a Raft run: its two logs, its disk, the configurations that it knows, and what the member
 * that it is has promised. RaftGhost keeps it up to date.
 */

import type { Membership, ProcessId } from '../../kernel/index.js';
import type { LogIndex, MemberId, Term } from '../../protocols/raft/index.js';
import { IntColumn } from '../columns.js';
import { DiskGhost } from './disk-ghost.js';
import { GhostLog } from './ghost-log.js';
import { NOBODY } from './quorum.js';
import { SentRounds } from './sent-rounds.js';

/** What one member has told others, over all time. */
export class Pledges {
  /** By term: the highest index acknowledged to that term's leader. */
  acknowledged = new IntColumn();
  /** By term: the candidate that got this member's vote, plus 1; 0 when none did. */
  votes = new IntColumn();
  /** The highest term of any of them. */
  latestTerm: Term = 0;

  /** Forgets what was told in terms below this one. */
  dropBelow(term: Term): void {
    this.acknowledged.dropBelow(term);
    this.votes.dropBelow(term);
  }

  clone(): Pledges {
    const copy = new Pledges();
    copy.latestTerm = this.latestTerm;
    copy.acknowledged = this.acknowledged.clone();
    copy.votes = this.votes.clone();
    return copy;
  }
}

/** A configuration, and the index of its entry (0: the initial one). Immutable. */
export interface ConfigurationGhost {
  readonly index: LogIndex;
  readonly configuration: Membership;
}

/** What is known of one server. */
export class ServerGhost {
  isUp = false;
  isLeader = false;
  /** Who it is: from its disk; -1: nobody. */
  member: MemberId = -1;
  /** Current term, as the replica reports it. */
  term: Term = 0;
  /** Its commit index; starts at 0, or at its snapshot, with each incarnation. */
  commit: LogIndex = 0;
  /** The highest commit index it ever had, in any incarnation. */
  everCommitted: LogIndex = 0;
  memory = new GhostLog();
  disk = new DiskGhost();
  /**
   * The configurations that it says it knows, ascending; it acts by the last one. Empty until it has said so
   * after its first start.
   */
  configurations: ConfigurationGhost[] = [];
  /** Index of the configuration that it should act by: see raft/configuration-effective. */
  dueConfiguration: LogIndex = 0;
  /** False while it says that its disk may have forgotten something. */
  isTrusted = true;
  /** False from damage to its disk while it was down, until it has said whether it trusts that disk. */
  isSettled = true;
  /** True when durable records were damaged since the last start. */
  isDamaged = false;
  /** What this member has told others. */
  pledges = new Pledges();
  /** The last durable entry that others were told to rely on, with its prefix hash; void when replaced. */
  promisedIndex: LogIndex = 0;
  promisedLow = 0;
  promisedHigh = 0;
  /** The highest term in which it voted, stood for election, led or acknowledged. */
  promisedTerm: Term = 0;
  /** The highest term in which it stood for election. */
  candidacy: Term = 0;
  /** The leader that it accepted last in this incarnation, and in which term; term -1: none yet. */
  followed: ProcessId = -1;
  followedTerm: Term = -1;
  /** As leader: the rounds that it has asked others about. */
  rounds: SentRounds;

  constructor(servers: number) {
    this.rounds = new SentRounds(servers);
  }

  /** What it could count on after a power loss. */
  get durable(): GhostLog {
    return this.disk.log;
  }

  /** Term after a power loss. */
  durableTerm(): Term {
    return this.disk.term;
  }

  /** What it acts by; nobody's before it has said so. */
  get configuration(): Membership {
    const { configurations } = this;
    const { length } = configurations;
    return length === 0 ? NOBODY : (configurations[length - 1] as ConfigurationGhost).configuration;
  }

  /** Index of the entry of what it acts by; 0: the initial one. */
  get configurationIndex(): LogIndex {
    const { configurations } = this;
    const { length } = configurations;
    return length === 0 ? 0 : (configurations[length - 1] as ConfigurationGhost).index;
  }

  clone(): ServerGhost {
    const copy = new ServerGhost(0);
    Object.assign(copy, this);
    copy.memory = this.memory.clone();
    copy.disk = this.disk.clone();
    copy.configurations = this.configurations.slice();
    copy.pledges = this.pledges.clone();
    copy.rounds = this.rounds.clone();
    return copy;
  }
}
