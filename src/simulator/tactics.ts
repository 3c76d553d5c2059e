/**
 * Tactics: entries that a mutation lays over the fault plan of a scenario, drawn from a seed. They are faults like
 * any other: they end when everything heals, traces keep them, and the minimiser takes them out one by one.
 *
 * An entry of the same id is replaced. So the same tactics laid over a scenario a second time change nothing.
 */

import {
  MOMENT_NAMES,
  type FaultAction,
  type Moment,
  type RandomFault,
  type ScheduledFault,
  type Selector,
} from '../faults/index.js';
import { MICROS_PER_MILLISECOND, RandomStream, Sampler, type Distribution } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';

type Dice = Pick<RandomStream, 'integer'>;

/** Numbers of the laid entries begin here: streams of chance go by them, and no plan's own has so many. */
const FIRST_ID = 900;
const MOST_AIMED = 3;
const SHORTEST_MICROS = 5 * MICROS_PER_MILLISECOND;
/** A fault lasts as long as the shortest, times a power of two up to this one. */
const MOST_DOUBLINGS = 8;

/** Moments that come many times a second: a fault lets up to two to the power of so many pass, of others fewer. */
const FREQUENT: readonly Moment[] = ['appends', 'commits'];
const FREQUENT_DOUBLINGS = 7;
const RARE_DOUBLINGS = 3;

/** Faults that strike when something happens: an adaptive nemesis. Only such as the failure model grants. */
export function withAimedFaults(scenario: Scenario, seed: string): Scenario {
  const dice = RandomStream.derive(seed, 'aim');
  const actions = aimedActions(scenario);
  if (actions.length === 0) return scenario;
  const count = dice.integer(1, MOST_AIMED);
  const aimed = Array.from({ length: count }, (_, i) => aimedFault(`aimed.${FIRST_ID + i}`, actions, dice));
  const { faults } = scenario;
  const own = faults.random.filter(({ id }) => !id.startsWith('aimed.'));
  return { ...scenario, faults: { ...faults, random: [...own, ...aimed] } };
}

function aimedFault(id: string, actions: readonly FaultAction[], dice: Dice): RandomFault {
  const moment = pick(MOMENT_NAMES, dice);
  const most = 1 << dice.integer(0, FREQUENT.includes(moment) ? FREQUENT_DOUBLINGS : RARE_DOUBLINGS);
  const micros = SHORTEST_MICROS << dice.integer(0, MOST_DOUBLINGS - 1);
  return {
    id,
    aim: { moment, least: 1, most },
    everyMinMicros: 0,
    everyMaxMicros: 0,
    forMinMicros: micros,
    forMaxMicros: micros * 2,
    action: pick(actions, dice),
  };
}

function aimedActions({ model }: Scenario): readonly FaultAction[] {
  const victims: readonly Selector[] = [
    { kind: 'there' },
    { kind: 'there' },
    { kind: 'leader' },
    { kind: 'random-follower' },
  ];
  return victims.flatMap((on): FaultAction[] => [
    ...(model.crash
      ? [{ do: 'crash', on } as const, { do: 'crash', on } as const, { do: 'pause', on } as const]
      : []),
    ...(model.network
      ? [
          { do: 'isolate', on, direction: 'both' } as const,
          { do: 'isolate', on, direction: 'inbound' } as const,
          { do: 'isolate', on, direction: 'outbound' } as const,
        ]
      : []),
  ]);
}

/** A message over a link of lower priority takes so many times as long. Half of the links have the highest. */
const PRIORITIES = [1, 1, 8, 64] as const;
const LOWEST = 64;
const MOST_CHANGES = 4;

/**
 * Priorities of links, as PCT gives them to threads (Burckhardt et al., "A Randomized Scheduler with Probabilistic
 * Guarantees of Finding Bugs", ASPLOS 2010): drawn once for the whole run, and at a few drawn moments one link drops
 * to the lowest. In virtual time a message of low priority is not held back until nobody else can go on: it takes
 * longer by orders of magnitude.
 */
export function withPriorities(scenario: Scenario, seed: string): Scenario {
  if (!scenario.model.network) return scenario;
  const dice = RandomStream.derive(seed, 'priorities');
  const { cluster, bounds, faults } = scenario;
  const pairs = pairsOf(cluster.nodes);
  const laid: ScheduledFault[] = [];
  const slow = (atMicros: number, pair: readonly [number, number], factor: number): void => {
    const action = slowLink(scenario, pair, factor);
    laid.push({ id: `priority.${FIRST_ID + laid.length}`, atMicros, forMicros: undefined, action });
  };
  for (const pair of pairs) {
    const factor = pick(PRIORITIES, dice);
    if (factor > 1) slow(0, pair, factor);
  }
  const changes = dice.integer(1, MOST_CHANGES);
  for (let i = 0; i < changes && pairs.length > 0 && bounds.healAtMicros > 0; i++) {
    slow(dice.integer(0, bounds.healAtMicros - 1), pick(pairs, dice), LOWEST);
  }
  const own = faults.schedule.filter(({ id }) => !id.startsWith('priority.'));
  return { ...scenario, faults: { ...faults, schedule: [...own, ...laid] } };
}

function pairsOf(servers: number): readonly (readonly [number, number])[] {
  const pairs: [number, number][] = [];
  for (let from = 0; from < servers; from++)
    for (let to = from + 1; to < servers; to++) pairs.push([from, to]);
  return pairs;
}

function slowLink({ network }: Scenario, [from, to]: readonly [number, number], factor: number): FaultAction {
  const link = { ...network.link, delay: stretched(network.link.delay, factor) };
  return {
    do: 'degrade',
    from: { kind: 'nodes', nodes: [from] },
    to: { kind: 'nodes', nodes: [to] },
    link,
  };
}

/** From what is typical to so many times as long. */
function stretched(delay: Distribution, factor: number): Distribution {
  const { typical } = new Sampler(delay);
  return { kind: 'uniform', minMicros: typical, maxMicros: typical * factor };
}

function pick<T>(all: readonly T[], dice: Dice): T {
  return all[dice.integer(0, all.length - 1)] as T;
}
