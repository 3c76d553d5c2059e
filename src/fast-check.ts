/**
 * `faultline/fast-check`: arbitrary fault plans within a scenario's failure model. A failing plan shrinks
 * to the few faults, early and short, that still break the property.
 *
 *     fc.assert(fc.property(faultPlan(scenario), seed(), (plan, s) =>
 *       simulate(withFaults(scenario, plan), s).status === 'passed'));
 */

import {
  array,
  constant,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  subarray,
  tuple,
  type Arbitrary,
} from 'fast-check';
import {
  CATALOGUE,
  checkPlan,
  type CatalogueEntry,
  type FaultAction,
  type FaultPlan,
  type FaultVerb,
  type ScheduledFault,
  type Selector,
} from './faults/index.js';
import type { Micros } from './kernel/index.js';
import type { Scenario } from './scenario/index.js';

export type { FaultPlan } from './faults/index.js';

export interface FaultPlanOptions {
  /** Most faults in a plan. Default 8. */
  readonly maxFaults?: number;
  /**
   * The verbs to choose from. Default: all that the scenario's failure model allows, but for `lose-disk`, which
   * takes a protocol that formats its disks.
   */
  readonly verbs?: readonly FaultVerb[];
}

/** Verbs that mean nothing in smaller clusters. */
const FEWEST_NODES: ReadonlyMap<FaultVerb, number> = new Map([
  ['partition', 2],
  ['random-partition', 2],
  ['bridge', 3],
  ['majority-ring', 3],
]);

/** Times are multiples of this, so that plans can be read. */
const GRAIN_MICROS = 10_000;
const LONGEST_FAULT_MICROS = 2_000_000;

/** A seed for `simulate`. */
export function seed(): Arbitrary<string> {
  return nat(999_999).map(String);
}

/** The scenario with another plan of faults. */
export function withFaults(scenario: Scenario, faults: FaultPlan): Scenario {
  return { ...scenario, faults };
}

/** A schedule of faults that the scenario's failure model allows, all before its time of healing. */
export function faultPlan(scenario: Scenario, options: FaultPlanOptions = {}): Arbitrary<FaultPlan> {
  const { maxFaults = 8, verbs } = options;
  const entries = CATALOGUE.filter(({ verb }) => verbs?.includes(verb) ?? verb !== 'lose-disk').filter(
    (entry) => isAllowed(entry, scenario),
  );
  if (entries.length === 0) return constant(planOf(scenario, []));
  const faults = entries.map((entry) => fault(entry, scenario));
  return array(oneof(...faults), { maxLength: maxFaults }).map((schedule) => planOf(scenario, schedule));
}

type Timed = Omit<ScheduledFault, 'id'>;

function planOf({ faults }: Scenario, schedule: readonly Timed[]): FaultPlan {
  return {
    schedule: schedule.map((entry, i) => ({ id: `schedule.${i}`, ...entry })),
    random: [],
    byzantine: faults.byzantine,
    damagedDiskBudget: faults.damagedDiskBudget,
  };
}

/** Verbs that only repair are left out (faults end by themselves), and so is `degrade`, which needs a whole link. */
function isAllowed({ verb, repairs }: CatalogueEntry, scenario: Scenario): boolean {
  if (repairs || verb === 'degrade' || scenario.cluster.nodes < (FEWEST_NODES.get(verb) ?? 1)) return false;
  const action = { do: verb } as FaultAction;
  const plan = planOf(scenario, [{ atMicros: 0, forMicros: undefined, action }]);
  return checkPlan(plan, scenario.model).length === 0;
}

function fault(entry: CatalogueEntry, scenario: Scenario): Arbitrary<Timed> {
  const latest = Math.max(0, Math.floor(scenario.bounds.healAtMicros / GRAIN_MICROS) - 1);
  return record({
    atMicros: integer({ min: 0, max: latest }).map((grains) => grains * GRAIN_MICROS),
    forMicros: entry.duration === 'never' ? constant(undefined) : duration(),
    action: action(entry.verb, scenario.cluster.nodes),
  });
}

function duration(): Arbitrary<Micros> {
  return integer({ min: 1, max: LONGEST_FAULT_MICROS / GRAIN_MICROS }).map((grains) => grains * GRAIN_MICROS);
}

function action(verb: FaultVerb, nodes: number): Arbitrary<FaultAction> {
  const on = servers(nodes);
  switch (verb) {
    case 'slow-cpu':
      return tuple(on, integer({ min: 10, max: 1000 })).map(([who, serviceMicros]) => ({
        do: verb,
        on: who,
        serviceMicros,
      }));
    case 'partition':
      return subarray(numbers(nodes), { minLength: 1, maxLength: nodes - 1 }).map((side) => ({
        do: verb,
        groups: [someNodes(side), someNodes(numbers(nodes).filter((node) => !side.includes(node)))],
      }));
    case 'random-partition':
    case 'majority-ring':
      return constant({ do: verb });
    case 'isolate':
      return tuple(on, constantFrom('both', 'inbound', 'outbound')).map(([who, direction]) => ({
        do: verb,
        on: who,
        direction,
      }));
    case 'bridge':
      return nat(nodes - 1).map((node) => ({ do: verb, bridge: someNodes([node]) }));
    case 'flap':
      return tuple(on, duration(), duration()).map(([who, upMicros, downMicros]) => ({
        do: verb,
        on: who,
        upMicros,
        downMicros,
      }));
    case 'slow-disk':
      return tuple(on, integer({ min: 2, max: 100 })).map(([who, factor]) => ({ do: verb, on: who, factor }));
    case 'clock-jump':
      return tuple(on, integer({ min: -10_000_000, max: 10_000_000 })).map(([who, byMicros]) => ({
        do: verb,
        on: who,
        byMicros,
      }));
    case 'clock-drift':
      return tuple(on, integer({ min: -10_000, max: 10_000 })).map(([who, ppm]) => ({
        do: verb,
        on: who,
        ppm,
      }));
    default:
      return on.map((who) => ({ do: verb, on: who }) as FaultAction);
  }
}

function servers(nodes: number): Arbitrary<Selector> {
  const chosen = subarray(numbers(nodes), { minLength: 1 }).map(someNodes);
  return oneof(chosen, constant<Selector>({ kind: 'leader' }), constant<Selector>({ kind: 'minority' }));
}

function someNodes(nodes: readonly number[]): Selector {
  return { kind: 'nodes', nodes };
}

function numbers(nodes: number): number[] {
  return Array.from({ length: nodes }, (_, node) => node);
}
