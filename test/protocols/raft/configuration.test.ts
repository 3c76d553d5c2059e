import { describe, expect, it } from 'vitest';
import { LcgStream } from './random.js';
import {
  enterJoint,
  generationOf,
  illegalStep,
  isJoint,
  isMember,
  isQuorum,
  isVoter,
  leaveJoint,
  membersOf,
  memberOf,
  processOf,
  quorumValue,
  withDemoted,
  withLearner,
  withVoter,
  withoutMember,
  type Configuration,
} from '../../../src/protocols/raft/index.js';

/** Inputs per oracle. */
const INPUTS = 50_000;
/** Members that configurations are drawn from: enough for every way in which two of them can overlap. */
const UNIVERSE = [0, 1, 2, 3, 4, 5];
const SUBSETS = 1 << UNIVERSE.length;

// Naive definitions over all subsets of the universe, as bit masks.

const maskOf = (members: readonly number[]): number => members.reduce((mask, m) => mask | (1 << m), 0);

function size(mask: number): number {
  let count = 0;
  for (let rest = mask; rest > 0; rest &= rest - 1) count++;
  return count;
}

const listOf = (mask: number): number[] => UNIVERSE.filter((member) => (mask & (1 << member)) !== 0);

/** §4.3: more than half of the voters, and of the outgoing voters where there are any. */
function isNaiveQuorum({ voters, outgoing }: Configuration, mask: number): boolean {
  const hasMost = (list: readonly number[]): boolean => 2 * size(mask & maskOf(list)) > list.length;
  return hasMost(voters) && (outgoing.length === 0 || hasMost(outgoing));
}

/** Every set that is a quorum. */
function naiveQuorums(configuration: Configuration): number[] {
  const quorums: number[] = [];
  for (let mask = 0; mask < SUBSETS; mask++) if (isNaiveQuorum(configuration, mask)) quorums.push(mask);
  return quorums;
}

/** The most that all members of some quorum reach. */
function naiveQuorumValue(configuration: Configuration, values: readonly number[]): number {
  let best = 0;
  for (const quorum of naiveQuorums(configuration)) {
    const least = Math.min(...listOf(quorum).map((member) => values[member] as number));
    if (least > best) best = least;
  }
  return best;
}

/** Written from the text of §4.1 and §4.3 over sets, not over sorted lists. */
function isNaivelyLegal(previous: Configuration, next: Configuration): boolean {
  const isStrictlyAscending = (list: readonly number[]): boolean =>
    list.join() === [...new Set(list)].sort((a, b) => a - b).join();
  const voters = maskOf(next.voters);
  const outgoing = maskOf(next.outgoing);
  const learners = maskOf(next.learners);
  const before = maskOf(previous.voters);
  if (voters === 0 || (learners & (voters | outgoing)) !== 0) return false;
  if ((maskOf(next.joining) & ~learners) !== 0) return false;
  if ((maskOf(next.leaving) & ~outgoing) !== 0 || (maskOf(next.leaving) & voters) !== 0) return false;
  if (![next.voters, next.outgoing, next.learners].every(isStrictlyAscending)) return false;
  if (previous.outgoing.length > 0) return outgoing === 0 && voters === before;
  if (outgoing !== 0) return outgoing === before;
  return size(voters ^ before) <= 1;
}

// Random configurations.

/** Disjoint voters and learners, some of whom join. */
function drawPlain(random: LcgStream): Configuration {
  const voters = 1 + random.below(SUBSETS - 1);
  const learners = random.below(SUBSETS) & ~voters;
  return {
    voters: listOf(voters),
    outgoing: [],
    learners: listOf(learners),
    joining: listOf(learners & random.below(SUBSETS)),
    leaving: [],
    autoLeave: false,
  };
}

function drawJoint(random: LcgStream): Configuration {
  const target = drawPlain(random);
  return enterJoint(drawPlain(random), target.voters, target.learners, random.below(2) === 0);
}

const draw = (random: LcgStream): Configuration =>
  random.below(2) === 0 ? drawPlain(random) : drawJoint(random);

/** Anything at all of the right shape: mostly not a configuration that anybody should accept. */
function drawAnything(random: LcgStream): Configuration {
  const list = (): number[] => {
    const members = listOf(random.below(SUBSETS));
    return random.below(20) === 0 ? members.reverse() : members;
  };
  return {
    voters: list(),
    outgoing: random.below(2) === 0 ? [] : list(),
    learners: random.below(2) === 0 ? [] : list(),
    joining: random.below(3) === 0 ? list() : [],
    leaving: random.below(3) === 0 ? list() : [],
    autoLeave: false,
  };
}

/** A small change of a configuration, the way the leader makes them, whether it is legal or not. */
function drawStep(random: LcgStream, from: Configuration): Configuration {
  const member = random.below(UNIVERSE.length);
  switch (random.below(8)) {
    case 0:
      return withLearner(from, member, random.below(2) === 0);
    case 1:
      return withVoter(from, member);
    case 2:
      return withDemoted(from, member);
    case 3:
      return withoutMember(from, member);
    case 4:
      return leaveJoint(from);
    case 5: {
      const { voters, learners } = drawPlain(random);
      return enterJoint(from, voters, learners, false);
    }
    default:
      return drawAnything(random);
  }
}

function forMany(name: string, check: (random: LcgStream, i: number) => void): void {
  it(`${name} (${INPUTS} inputs)`, () => {
    const random = new LcgStream(0x5eed);
    for (let i = 0; i < INPUTS; i++) check(random, i);
  });
}

describe('raft configurations against naive definitions (dissertation §4)', () => {
  forMany('a quorum is what enumeration says', (random) => {
    const configuration = draw(random);
    const mask = random.below(SUBSETS);
    const isFast = isQuorum(configuration, (member) => (mask & (1 << member)) !== 0);
    if (isFast !== isNaiveQuorum(configuration, mask)) expect.fail(JSON.stringify({ configuration, mask }));
  });

  forMany('the value of a quorum is the best of all quorums', (random) => {
    const configuration = draw(random);
    const values = UNIVERSE.map(() => random.below(8));
    const fast = quorumValue(configuration, { valueOf: (member) => values[member] as number });
    if (fast !== naiveQuorumValue(configuration, values)) {
      expect.fail(JSON.stringify({ configuration, values, fast }));
    }
  });

  forMany('a legal step is what the dissertation says', (random, i) => {
    const from = draw(random);
    const to = drawStep(random, from);
    const isFast = illegalStep(from, to) === undefined;
    if (isFast !== isNaivelyLegal(from, to)) expect.fail(JSON.stringify({ i, from, to, isFast }));
  });

  forMany('every quorum meets every quorum of the configuration that legally follows', (random) => {
    const from = draw(random);
    const to = drawStep(random, from);
    if (illegalStep(from, to) !== undefined) return;
    const after = naiveQuorums(to);
    for (const quorum of naiveQuorums(from)) {
      if (after.some((other) => (quorum & other) === 0)) expect.fail(JSON.stringify({ from, to, quorum }));
    }
  });

  forMany('entering and leaving a joint configuration leads to what was asked for', (random) => {
    const from = drawPlain(random);
    const { voters, learners } = drawPlain(random);
    const joint = enterJoint(from, voters, learners, true);
    const after = leaveJoint(joint);
    const found = { from, voters, learners, joint, after };
    const isWellEntered =
      isJoint(joint) &&
      joint.autoLeave &&
      joint.outgoing.join() === from.voters.join() &&
      illegalStep(from, joint) === undefined;
    const isWellLeft =
      !isJoint(after) &&
      after.voters.join() === voters.join() &&
      after.learners.join() === learners.join() &&
      after.joining.every((member) => from.joining.includes(member) && learners.includes(member)) &&
      illegalStep(joint, after) === undefined;
    if (!isWellEntered || !isWellLeft) expect.fail(JSON.stringify(found));
  });

  forMany('a joint configuration that is legal to enter is legal to leave', (random) => {
    const from = drawPlain(random);
    const joint = enterJoint(from, listOf(random.below(SUBSETS)), listOf(random.below(SUBSETS)), false);
    if (illegalStep(from, joint) !== undefined) return;
    const after = leaveJoint(joint);
    if (illegalStep(joint, after) !== undefined) expect.fail(JSON.stringify({ from, joint, after }));
  });

  forMany('members are those with a role, each once, in order', (random) => {
    const configuration = draw(random);
    const { voters, outgoing, learners } = configuration;
    const everybody = maskOf(voters) | maskOf(outgoing) | maskOf(learners);
    const isRight =
      membersOf(configuration).join() === listOf(everybody).join() &&
      UNIVERSE.every(
        (member) =>
          isMember(configuration, member) === listOf(everybody).includes(member) &&
          isVoter(configuration, member) === listOf(maskOf(voters) | maskOf(outgoing)).includes(member),
      );
    if (!isRight) expect.fail(JSON.stringify(configuration));
  });

  it('a member id is a process and a generation', () => {
    for (const [process, generation] of [
      [0, 0],
      [4095, 0],
      [3, 1],
      [17, 900],
    ] as const) {
      const member = memberOf(process, generation);
      expect([processOf(member), generationOf(member)]).toEqual([process, generation]);
    }
  });

  it('nobody is a quorum of nobody', () => {
    const nobody = enterJoint(drawPlain(new LcgStream(1)), [], [], false);
    expect(isQuorum(nobody, () => true)).toBe(false);
    expect(quorumValue(nobody, { valueOf: () => 7 })).toBe(0);
  });
});
