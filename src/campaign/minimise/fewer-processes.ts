/** A scenario without some of its servers or clients: everybody behind them moves up. */

import type {
  Audience,
  ByzantineFault,
  FaultAction,
  FaultPlan,
  OperatorAction,
  OperatorPlan,
  OperatorTarget,
  ScheduledFault,
  Selector,
} from '../../faults/index.js';
import type { Decision } from '../../kernel/index.js';
import { processCounts, type Scenario } from '../../scenario/index.js';
import type { Capability, WorkloadConfig } from '../../services/index.js';
import type { NetworkConfig } from '../../world/index.js';
import { renumbered, type Renumbering } from './keys.js';

export interface FewerProcesses {
  readonly scenario: Scenario;
  readonly edits: readonly Decision[];
}

/** Undefined when nobody would be left, or more would lie than the protocol bears. */
export function withoutProcesses(
  scenario: Scenario,
  edits: readonly Decision[],
  removed: ReadonlySet<number>,
): FewerProcesses | undefined {
  const { cluster, workload, faults, operator, authority, model } = scenario;
  const counts = processCounts(scenario);
  const renumber = renumberingOf(counts.processes, removed);
  const left = (from: number, to: number): number => countLeft(from, to, removed);
  const nodes = left(0, cluster.nodes);
  const clients = left(cluster.nodes, cluster.nodes + workload.clients);
  if (nodes < 1 || (clients < 1 && workload.clients > 0) || nodes <= 3 * model.byzantine) return undefined;
  const { locations } = cluster.topology;
  return {
    scenario: {
      ...scenario,
      cluster: {
        ...cluster,
        nodes,
        members: Math.max(1, left(0, cluster.members)),
        topology: { ...cluster.topology, locations: locations.filter((_, process) => !removed.has(process)) },
      },
      workload: fewerClients(workload, cluster.nodes, removed),
      network: networkOf(scenario.network, renumber),
      authority: authority?.flatMap((capability) => capabilityOf(capability, renumber)),
      faults: faultsOf(faults, nodes, renumber),
      operator: operator === undefined ? undefined : operatorOf(operator, renumber),
    },
    edits: renumbered(edits, renumber),
  };
}

function renumberingOf(processes: number, removed: ReadonlySet<number>): Renumbering {
  const numbers: number[] = [];
  let next = 0;
  for (let process = 0; process < processes; process++) numbers.push(removed.has(process) ? -1 : next++);
  return (process) => numbers[process] ?? process - removed.size;
}

function countLeft(from: number, to: number, removed: ReadonlySet<number>): number {
  let count = 0;
  for (let process = from; process < to; process++) if (!removed.has(process)) count++;
  return count;
}

function fewerClients(
  workload: WorkloadConfig,
  firstClient: number,
  removed: ReadonlySet<number>,
): WorkloadConfig {
  const clients = countLeft(firstClient, firstClient + workload.clients, removed);
  if (clients === workload.clients) return workload;
  let next = firstClient;
  const cohorts = workload.cohorts?.flatMap(({ name, workload: group }) => {
    const own = fewerClients(group, next, removed);
    next += group.clients;
    return own.clients === 0 ? [] : [{ name, workload: own }];
  });
  // An open workload has one rate for all clients: each keeps its share.
  const rate = Math.max(1, Math.floor((workload.ratePerSecond * clients) / Math.max(1, workload.clients)));
  return { ...workload, clients, ratePerSecond: workload.ratePerSecond === 0 ? 0 : rate, cohorts };
}

function networkOf({ link, overrides }: NetworkConfig, renumber: Renumbering): NetworkConfig {
  const left = overrides.map(({ from, to, link: own }) => ({
    from: those(from, renumber),
    to: those(to, renumber),
    link: own,
  }));
  return { link, overrides: left.filter(({ from, to }) => from.length > 0 && to.length > 0) };
}

function those(processes: readonly number[], renumber: Renumbering): number[] {
  return processes.map(renumber).filter((process) => process >= 0);
}

function capabilityOf(capability: Capability, renumber: Renumbering): Capability[] {
  const holders = those(capability.holders, renumber);
  return holders.length === 0 ? [] : [{ ...capability, holders }];
}

// ---- faults ----

function faultsOf(plan: FaultPlan, nodes: number, renumber: Renumbering): FaultPlan {
  const left = <F extends { readonly action: FaultAction }>(fault: F): F[] => {
    const action = actionOf(fault.action, renumber);
    return action === undefined ? [] : [{ ...fault, action }];
  };
  return {
    schedule: plan.schedule.flatMap((fault): ScheduledFault[] => left(fault)),
    random: plan.random.flatMap(left),
    byzantine: plan.byzantine.flatMap((fault) => byzantineOf(fault, renumber)),
    damagedDiskBudget: Math.min(plan.damagedDiskBudget, Math.floor((nodes - 1) / 2)),
  };
}

function actionOf(action: FaultAction, renumber: Renumbering): FaultAction | undefined {
  switch (action.do) {
    case 'partition': {
      const groups = action.groups.flatMap((group) => selectorOf(group, renumber) ?? []);
      return groups.length < 2 ? undefined : { ...action, groups };
    }
    case 'bridge': {
      const bridge = selectorOf(action.bridge, renumber);
      return bridge === undefined ? undefined : { ...action, bridge };
    }
    case 'degrade': {
      const [from, to] = [selectorOf(action.from, renumber), selectorOf(action.to, renumber)];
      return from === undefined || to === undefined ? undefined : { ...action, from, to };
    }
    case 'random-partition':
    case 'majority-ring':
    case 'heal':
      return action;
    default: {
      const on = selectorOf(action.on, renumber);
      return on === undefined ? undefined : { ...action, on };
    }
  }
}

function selectorOf(selector: Selector, renumber: Renumbering): Selector | undefined {
  if (selector.kind !== 'nodes') return selector;
  const nodes = those(selector.nodes, renumber);
  return nodes.length === 0 ? undefined : { kind: 'nodes', nodes };
}

function byzantineOf(fault: ByzantineFault, renumber: Renumbering): ByzantineFault[] {
  const { on, when } = fault;
  const clients = when.clients === undefined ? undefined : those(when.clients, renumber);
  const own = { ...fault, when: { ...when, to: audienceOf(when.to, renumber), clients } };
  if (on.kind === 'nodes') {
    const nodes = those(on.nodes, renumber);
    return nodes.length === 0 ? [] : [{ ...own, on: { kind: 'nodes', nodes } }];
  }
  if (on.kind !== 'clients') return [own];
  const liars = those(on.clients, renumber);
  return liars.length === 0 ? [] : [{ ...own, on: { kind: 'clients', clients: liars } }];
}

function audienceOf(audience: Audience, renumber: Renumbering): Audience {
  return audience.kind === 'nodes' ? { kind: 'nodes', nodes: those(audience.nodes, renumber) } : audience;
}

// ---- operators ----

function operatorOf({ playbook, random }: OperatorPlan, renumber: Renumbering): OperatorPlan {
  return {
    playbook: playbook.flatMap((step) => {
      const action = operationOf(step.action, renumber);
      return action === undefined ? [] : [{ ...step, action }];
    }),
    random,
  };
}

function operationOf(action: OperatorAction, renumber: Renumbering): OperatorAction | undefined {
  switch (action.do) {
    case 'change': {
      const voters = action.voters === undefined ? undefined : those(action.voters, renumber);
      return voters?.length === 0
        ? undefined
        : { ...action, voters, learners: those(action.learners, renumber) };
    }
    case 'replace': {
      const [from, to] = [targetOf(action.from, renumber), targetOf(action.to, renumber)];
      return from === undefined || to === undefined ? undefined : { ...action, from, to };
    }
    case 'transfer-leadership': {
      if (action.to === undefined) return action;
      const to = targetOf(action.to, renumber);
      return to === undefined ? undefined : { ...action, to };
    }
    case 'leave-joint':
    case 'activate-version':
    case 'rolling-upgrade':
      return action;
    default: {
      const on = targetOf(action.on, renumber);
      return on === undefined ? undefined : { ...action, on };
    }
  }
}

function targetOf(target: OperatorTarget, renumber: Renumbering): OperatorTarget | undefined {
  if (target.kind !== 'node') return target;
  const node = renumber(target.node);
  return node < 0 ? undefined : { kind: 'node', node };
}
