/**
 * Random faults and operations of a run become entries of a schedule and steps of a playbook, each at the time at
 * which it took place: then one that does not matter can be taken out, and the others stay where they are.
 */

import { catalogueEntry, located, type OperatorStep, type ScheduledFault } from '../../faults/index.js';
import type { Decision, Micros } from '../../kernel/index.js';
import type { Scenario } from '../../scenario/index.js';
import { drawnKey } from './keys.js';

export interface Concrete {
  readonly scenario: Scenario;
  readonly edits: readonly Decision[];
}

/** One strike or operation of chance: what it drew, and when it took place. */
interface Drawn {
  readonly values: Map<string, number>;
  atMicros: Micros;
}

/** `times`: when each edit was asked for. */
export function concretise(
  scenario: Scenario,
  edits: readonly Decision[],
  times: readonly Micros[],
): Concrete {
  const renamed = new Map<string, string>();
  const faults = scheduledFaults(scenario, drawnOf('f', 'strike', edits, times), renamed);
  const operator = playbookOf(scenario, drawnOf('o', 'act', edits, times), renamed);
  return {
    scenario: { ...scenario, faults: { ...scenario.faults, schedule: faults, random: [] }, operator },
    edits: edits.flatMap((decision) => renamedDecision(decision, renamed)),
  };
}

/** By subject, those that took place. */
function drawnOf(
  family: 'f' | 'o',
  decisive: string,
  edits: readonly Decision[],
  times: readonly Micros[],
): ReadonlyMap<string, Drawn> {
  const all = new Map<string, Drawn>();
  edits.forEach((decision, i) => {
    const key = drawnKey(decision);
    if (key?.family !== family) return;
    const drawn = all.get(key.subject) ?? { values: new Map<string, number>(), atMicros: -1 };
    all.set(key.subject, drawn);
    if (!drawn.values.has(key.what)) drawn.values.set(key.what, decision.values[0] ?? 0);
    if (key.what === decisive) drawn.atMicros = times[i] ?? -1;
  });
  return new Map([...all].filter(([, { atMicros }]) => atMicros >= 0));
}

function scheduledFaults(
  { faults }: Scenario,
  drawn: ReadonlyMap<string, Drawn>,
  renamed: Map<string, string>,
): ScheduledFault[] {
  const schedule = [...faults.schedule];
  const ids = new Set(schedule.map(({ id }) => id));
  let number = 0;
  for (const [subject, { values, atMicros }] of drawn) {
    const [, id = ''] = /^(.*)\/\d+$/s.exec(subject) ?? [];
    const fault = faults.random.find((entry) => entry.id === id);
    if (fault === undefined) continue;
    while (ids.has(`schedule.${number}`)) number++;
    const ownId = `schedule.${number}`;
    ids.add(ownId);
    renamed.set(`f:${subject}`, `f:${streamOfSchedule(number, schedule.length)}:${ownId}/0`);
    const lasts = Math.max(1, values.get('lasts') ?? fault.forMinMicros);
    const forMicros = catalogueEntry(fault.action.do).duration === 'never' ? undefined : lasts;
    const there = values.get('there');
    const action = there === undefined ? fault.action : located(fault.action, there);
    schedule.push({ id: ownId, atMicros, forMicros, action });
  }
  return schedule;
}

/** As the nemesis numbers its streams: by the number in the id, else by position. */
function streamOfSchedule(number: number, position: number): number {
  return (number < 1000 ? number : position) * 2;
}

function playbookOf(
  { operator }: Scenario,
  drawn: ReadonlyMap<string, Drawn>,
  renamed: Map<string, string>,
): Scenario['operator'] {
  if (operator?.random === undefined) return operator;
  const { actions, withinMicros } = operator.random;
  const steps: OperatorStep[] = [...operator.playbook];
  let number = steps.length;
  const subjects = new Map<string, string>();
  for (const [subject, { values, atMicros }] of drawn) {
    let place = values.get('verb') ?? 0;
    const chosen = actions.find(({ weight }) => (place -= weight) < 0);
    if (chosen === undefined || !subject.startsWith('random.')) continue;
    const id = `playbook.${number++}`;
    subjects.set(id, subject);
    steps.push({ id, atMicros, withinMicros, action: chosen.action });
  }
  steps.sort((a, b) => a.atMicros - b.atMicros);
  // The stream of a step is its place in the playbook.
  steps.forEach(({ id }, i) => renamed.set(`o:${subjects.get(id) ?? id}`, `o:${i + 1}:${id}`));
  return steps.length === 0 ? undefined : { playbook: steps, random: undefined };
}

/** Draws that say whether, when and how long have become part of the plan. */
const IN_PLAN: ReadonlySet<string> = new Set(['strike', 'lasts', 'gap', 'act', 'verb']);

function renamedDecision(decision: Decision, renamed: ReadonlyMap<string, string>): Decision[] {
  const key = drawnKey(decision);
  if (key === undefined) return [decision];
  const name = renamed.get(`${key.family}:${key.subject}`);
  const isOfChance = key.subject.startsWith('random.');
  if (isOfChance && (name === undefined || IN_PLAN.has(key.what))) return [];
  return name === undefined ? [decision] : [{ ...decision, group: `${name}:${key.what}` }];
}
