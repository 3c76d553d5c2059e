/** Ways to make a failing run smaller, other than taking single decisions away. */

import type { FaultAction, ScheduledFault, Selector } from '../../faults/index.js';
import { CORRUPTED, LOST, type Decision } from '../../kernel/index.js';
import type { Scenario } from '../../scenario/index.js';
import type { Draft, State } from './draft.js';

// ---- whole classes of decisions ----

type ClassOf = (decision: Decision) => string;

export const familyOf: ClassOf = ({ group }) => group.slice(0, 1);

/** From the coarsest on: families; kinds of messages, timers and draws; processes. */
export const CLASSES: readonly ClassOf[] = [
  familyOf,
  ({ group }) => `${group.slice(0, 1)}:${group.slice(group.lastIndexOf(':') + 1)}`,
  ({ group }) => group.slice(0, 1) + (/\d+/.exec(group)?.[0] ?? ''),
];

// ---- lists of a scenario ----

interface EntryList {
  count(scenario: Scenario): number;
  without(scenario: Scenario, from: number, to: number): Scenario;
}

function spliced<T>(list: readonly T[], from: number, to: number): T[] {
  return [...list.slice(0, from), ...list.slice(to)];
}

export const fewerEntries: readonly EntryList[] = [
  {
    count: ({ faults }) => faults.schedule.length,
    without: (scenario, from, to) =>
      withFaults(scenario, { schedule: spliced(scenario.faults.schedule, from, to) }),
  },
  {
    count: ({ faults }) => faults.random.length,
    without: (scenario, from, to) =>
      withFaults(scenario, { random: spliced(scenario.faults.random, from, to) }),
  },
  {
    count: ({ faults }) => faults.byzantine.length,
    without: (scenario, from, to) =>
      withFaults(scenario, { byzantine: spliced(scenario.faults.byzantine, from, to) }),
  },
  {
    count: ({ operator }) => operator?.playbook.length ?? 0,
    without: (scenario, from, to) => {
      const { playbook = [], random } = scenario.operator ?? {};
      const left = spliced(playbook, from, to);
      const isNobody = left.length === 0 && random === undefined;
      return { ...scenario, operator: isNobody ? undefined : { playbook: left, random } };
    },
  },
];

function withFaults(scenario: Scenario, faults: Partial<Scenario['faults']>): Scenario {
  return { ...scenario, faults: { ...scenario.faults, ...faults } };
}

// ---- values ----

/** A duplicate becomes one message, a corrupted message a lost one. */
export function simplerValues({ scenario, edits }: State): Draft[] {
  return edits.flatMap((decision, place): Draft[] => {
    const [first = 0, second] = decision.values;
    const isMessage = decision.group.startsWith('m:');
    const simpler = second !== undefined ? [first] : first === CORRUPTED ? [LOST] : undefined;
    if (!isMessage || simpler === undefined) return [];
    const edited = edits.map((other, i) => (i === place ? { ...decision, values: simpler } : other));
    return [{ scenario, edits: edited }];
  });
}

/** Faults on servers that chance or circumstances choose become faults on servers by name. */
export function concreteActions({ scenario, edits }: State): Draft[] {
  const { schedule } = scenario.faults;
  return schedule.flatMap((fault, place) =>
    namedActions(fault, scenario.cluster.nodes).map((action) => ({
      scenario: withFaults(scenario, {
        schedule: schedule.map((other, i) => (i === place ? { ...fault, action } : other)),
      }),
      edits,
    })),
  );
}

function namedActions({ action }: ScheduledFault, nodes: number): FaultAction[] {
  const servers = Array.from({ length: nodes }, (_, server) => server);
  if (action.do === 'random-partition') {
    return servers.map((server) => ({
      do: 'partition',
      groups: [named([server]), named(servers.filter((other) => other !== server))],
    }));
  }
  if (!('on' in action) || action.on.kind === 'nodes') return [];
  return servers.map((server) => ({ ...action, on: named([server]) }));
}

function named(nodes: readonly number[]): Selector {
  return { kind: 'nodes', nodes };
}

// ---- time ----

/** Clients that think for longer, and stop sooner, ask for less. */
export function quieter({ scenario, edits, kept }: State): Draft[] {
  const { workload, bounds } = scenario;
  const drafts: Draft[] = [];
  const { thinkMinMicros, thinkMaxMicros } = workload;
  if (workload.mode === 'closed' && workload.cohorts === undefined && thinkMaxMicros < 100_000) {
    for (const micros of [100_000, 20_000]) {
      const slow = { ...workload, thinkMinMicros: micros, thinkMaxMicros: micros };
      if (micros > thinkMinMicros) drafts.push({ scenario: { ...scenario, workload: slow }, edits });
    }
  }
  for (const stopClientsAtMicros of [
    1,
    Math.floor(kept.timeMicros / 4),
    Math.floor(kept.timeMicros / 2),
    Math.floor(kept.timeMicros * 0.75),
  ]) {
    if (stopClientsAtMicros < bounds.stopClientsAtMicros)
      drafts.push({ scenario: { ...scenario, bounds: { ...bounds, stopClientsAtMicros } }, edits });
  }
  return drafts;
}

/** The run ends soon after the violation; what is found at the end is to be found at an earlier one. */
export function earlierBounds({ scenario, edits, kept }: State, isOfTheEnd: boolean): Draft[] {
  const { bounds, expect } = scenario;
  const drafts: Draft[] = [];
  if (bounds.patienceMicros !== undefined) {
    drafts.push({ scenario: { ...scenario, bounds: { ...bounds, patienceMicros: undefined } }, edits });
  }
  const ends = isOfTheEnd
    ? [1, 2, 3].map((quarters) => Math.floor((bounds.endMicros * quarters) / 4))
    : [kept.timeMicros + 1];
  for (const endMicros of ends) {
    if (endMicros < 1 || endMicros >= bounds.endMicros) continue;
    const promise = isOfTheEnd ? (expect.progressWithinMicros ?? 0) : 0;
    const healAtMicros = Math.min(bounds.healAtMicros, endMicros - promise);
    const stopClientsAtMicros = Math.min(bounds.stopClientsAtMicros, endMicros);
    if (healAtMicros < 0) continue;
    drafts.push({
      scenario: { ...scenario, bounds: { ...bounds, endMicros, healAtMicros, stopClientsAtMicros } },
      edits,
    });
  }
  return drafts;
}
