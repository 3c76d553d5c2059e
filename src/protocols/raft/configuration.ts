/**
 * Configurations: who votes, who only learns. Pure values and their algebra (dissertation §4): what is a legal
 * step, who is a quorum, which index a quorum has.
 */

import { MEMBER_GENERATION, type Membership, type ProcessId } from '../../kernel/index.js';

/** A process and the generation of its disk in one number; see {@link memberOf}. */
export type MemberId = number;

/**
 * Lists are sorted. `outgoing` is C_old while joint (§4.3), else empty. `learners` get the log and do not vote
 * (§4.2.1); those in `joining` become voters when they have caught up. `leaving`: outgoing voters that become
 * learners when the joint configuration is left, instead of going away. `autoLeave`: the leader leaves the
 * joint configuration by itself as soon as it is committed.
 */
export interface Configuration extends Membership {
  readonly voters: readonly MemberId[];
  readonly outgoing: readonly MemberId[];
  readonly learners: readonly MemberId[];
  readonly joining: readonly MemberId[];
  readonly leaving: readonly MemberId[];
  readonly autoLeave: boolean;
}

export function memberOf(process: ProcessId, generation: number): MemberId {
  return process + generation * MEMBER_GENERATION;
}

export function processOf(member: MemberId): ProcessId {
  return member % MEMBER_GENERATION;
}

export function generationOf(member: MemberId): number {
  return (member - processOf(member)) / MEMBER_GENERATION;
}

/** The configuration of a cluster's first start: these processes vote. */
export function initialConfiguration(members: readonly ProcessId[]): Configuration {
  const voters = [...members].sort((a, b) => a - b);
  return { voters, outgoing: [], learners: [], joining: [], leaving: [], autoLeave: false };
}

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

/** True when the member's vote counts, in either half of a joint configuration. */
export function isVoter(configuration: Configuration, member: MemberId): boolean {
  return configuration.voters.includes(member) || configuration.outgoing.includes(member);
}

export function isMember(configuration: Configuration, member: MemberId): boolean {
  return isVoter(configuration, member) || configuration.learners.includes(member);
}

/** Everybody who gets the log: sorted, each once. */
export function membersOf({ voters, outgoing, learners }: Configuration): MemberId[] {
  return sorted([...voters, ...outgoing, ...learners]);
}

/** More than half. */
export function majority(count: number): number {
  return (count >> 1) + 1;
}

// ---- quorums ----

/** True when a majority of the voters, and while joint of the outgoing ones too, is in the set (§4.3). */
export function isQuorum(configuration: Configuration, has: (member: MemberId) => boolean): boolean {
  return (
    isMajority(configuration.voters, has) &&
    (configuration.outgoing.length === 0 || isMajority(configuration.outgoing, has))
  );
}

function isMajority(voters: readonly MemberId[], has: (member: MemberId) => boolean): boolean {
  let count = 0;
  for (const voter of voters) if (has(voter)) count++;
  return count >= majority(voters.length);
}

/** What a quorum has at least: the highest value that a quorum of members reaches. */
export interface ValueOf {
  valueOf(member: MemberId): number;
}

/** The highest value that a quorum reaches: the smaller one of the two halves while joint. */
export function quorumValue(configuration: Configuration, values: ValueOf): number {
  const incoming = majorityValue(configuration.voters, values);
  if (configuration.outgoing.length === 0) return incoming;
  const outgoing = majorityValue(configuration.outgoing, values);
  return incoming < outgoing ? incoming : outgoing;
}

const scratch: number[] = [];

/** The majority-th largest value. A configuration without voters has none: 0. */
function majorityValue(voters: readonly MemberId[], values: ValueOf): number {
  const { length } = voters;
  for (let i = 0; i < length; i++) {
    const value = values.valueOf(voters[i] as MemberId);
    let j = i;
    while (j > 0 && (scratch[j - 1] as number) < value) {
      scratch[j] = scratch[j - 1] as number;
      j--;
    }
    scratch[j] = value;
  }
  return length === 0 ? 0 : (scratch[length >> 1] as number);
}

// ---- changes ----

/** With one more learner; `joins`: it becomes a voter when it has caught up. */
export function withLearner(configuration: Configuration, member: MemberId, joins: boolean): Configuration {
  const learners = sorted([...configuration.learners, member]);
  const joining = joins ? sorted([...configuration.joining, member]) : configuration.joining;
  return { ...configuration, learners, joining };
}

/** A learner becomes a voter. */
export function withVoter(configuration: Configuration, member: MemberId): Configuration {
  return {
    ...configuration,
    voters: sorted([...configuration.voters, member]),
    learners: without(configuration.learners, member),
    joining: without(configuration.joining, member),
  };
}

/** A voter becomes a learner. */
export function withDemoted(configuration: Configuration, member: MemberId): Configuration {
  return {
    ...configuration,
    voters: without(configuration.voters, member),
    learners: sorted([...configuration.learners, member]),
  };
}

export function withoutMember(configuration: Configuration, member: MemberId): Configuration {
  return {
    ...configuration,
    voters: without(configuration.voters, member),
    learners: without(configuration.learners, member),
    joining: without(configuration.joining, member),
  };
}

/** C_old,new (§4.3): towards these voters and learners. Outgoing voters that stay as learners wait until then. */
export function enterJoint(
  configuration: Configuration,
  voters: readonly MemberId[],
  learners: readonly MemberId[],
  autoLeave: boolean,
): Configuration {
  const incoming = sorted(voters);
  const outgoing = configuration.voters;
  const later = sorted(learners);
  return {
    voters: incoming,
    outgoing,
    learners: later.filter((member) => !outgoing.includes(member)),
    joining: configuration.joining.filter((member) => later.includes(member)),
    leaving: later.filter((member) => outgoing.includes(member)),
    autoLeave,
  };
}

/** C_new: the outgoing voters are gone, or learners. */
export function leaveJoint(configuration: Configuration): Configuration {
  const { voters, learners, joining, leaving } = configuration;
  return {
    voters,
    outgoing: [],
    learners: sorted([...learners, ...leaving]),
    joining,
    leaving: [],
    autoLeave: false,
  };
}

/**
 * Why `next` must not follow `previous`, in a few words; undefined when it may. Legal are: entering a joint
 * configuration, leaving it, and, with neither, at most one voter more or less (§4.1, §4.3). Everybody has one
 * role, and somebody votes.
 */
export function illegalStep(previous: Configuration, next: Configuration): string | undefined {
  const malformed = malformation(next);
  if (malformed !== undefined) return malformed;
  if (isJoint(previous)) {
    if (isJoint(next)) return 'a joint configuration follows a joint one';
    return sameMembers(next.voters, previous.voters)
      ? undefined
      : 'leaving a joint configuration must lead to its incoming voters';
  }
  if (isJoint(next)) {
    return sameMembers(next.outgoing, previous.voters)
      ? undefined
      : 'the outgoing voters must be those of the configuration before';
  }
  return voterDifference(previous.voters, next.voters) <= 1
    ? undefined
    : 'more than one voter changes without a joint configuration';
}

function malformation(configuration: Configuration): string | undefined {
  const { voters, outgoing, learners, joining, leaving } = configuration;
  if (voters.length === 0) return 'nobody votes';
  if (!isSorted(voters) || !isSorted(outgoing) || !isSorted(learners)) return 'a list is not sorted';
  if (learners.some((member) => voters.includes(member) || outgoing.includes(member))) {
    return 'somebody both votes and learns';
  }
  // Else leaving the joint configuration would make a learner of an incoming voter.
  if (leaving.some((member) => voters.includes(member) || !outgoing.includes(member))) {
    return 'somebody who stays a voter, or was none, is to become a learner';
  }
  return joining.every((member) => learners.includes(member))
    ? undefined
    : 'somebody joins who does not learn';
}

/** Members of one list and not of the other, counted. */
export function voterDifference(a: readonly MemberId[], b: readonly MemberId[]): number {
  let difference = 0;
  for (const member of a) if (!b.includes(member)) difference++;
  for (const member of b) if (!a.includes(member)) difference++;
  return difference;
}

export function sameMembers(a: readonly MemberId[], b: readonly MemberId[]): boolean {
  return voterDifference(a, b) === 0;
}

function sorted(members: readonly MemberId[]): MemberId[] {
  return [...new Set(members)].sort((a, b) => a - b);
}

function isSorted(members: readonly MemberId[]): boolean {
  return members.every((member, i) => i === 0 || (members[i - 1] as MemberId) < member);
}

function without(members: readonly MemberId[], member: MemberId): MemberId[] {
  return members.filter((other) => other !== member);
}
