/** Faults, selectors, links and places back in YAML form. */

import type { Aim } from '../faults/moments.js';
import type { FaultAction, FaultPlan, Selector } from '../faults/plan.js';
import { formatDuration, formatDurationRange, formatRatio, formatSize } from '../kernel/index.js';
import type { Distribution, ProcessId } from '../kernel/index.js';
import type { LinkConfig, NetworkConfig, Topology } from '../world/config.js';
import type { Roster } from './resolve-topology.js';

/** A value in YAML form: what the schema reads. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };
type YamlMap = Readonly<Record<string, Yaml>>;

export function distributionYaml(distribution: Distribution): Yaml {
  switch (distribution.kind) {
    case 'constant':
      return { constant: formatDuration(distribution.micros) };
    case 'uniform':
      return { uniform: formatDurationRange(distribution.minMicros, distribution.maxMicros) };
    case 'long-tail': {
      const { minMicros, medianMicros, maxMicros } = distribution;
      const [min, median, max] = [minMicros, medianMicros, maxMicros].map(formatDuration) as [
        string,
        string,
        string,
      ];
      return { 'long-tail': { min, median, max } };
    }
  }
}

/** Sizes have no 0: it stands for no limit. */
export function limitYaml(bytes: number): string {
  return bytes === 0 ? 'unlimited' : formatSize(bytes);
}

export function linkYaml(link: LinkConfig): YamlMap {
  const { bandwidthBytesPerSecond: bandwidth } = link;
  return {
    delay: distributionYaml(link.delay),
    loss: formatRatio(link.loss),
    duplicate: formatRatio(link.duplicate),
    corrupt: formatRatio(link.corrupt),
    bandwidth: bandwidth === 0 ? 'unlimited' : `${formatSize(bandwidth)}/s`,
    queue: formatSize(link.queueBytes),
    ordered: link.ordered,
  };
}

export function networkYaml(network: NetworkConfig, roster: Roster): YamlMap {
  const links = network.overrides.map(({ from, to, link }) => ({
    from: namesYaml(from, roster),
    to: namesYaml(to, roster),
    ...linkYaml(link),
  }));
  return { ...linkYaml(network.link), links };
}

export function topologyYaml(topology: Topology, roster: Roster): YamlMap {
  const { locations } = topology;
  const places = (level: 'region' | 'zone' | 'rack'): YamlMap => {
    const members = new Map<string, ProcessId[]>();
    for (const [process, location] of locations.entries()) {
      const name = location[level];
      members.set(name, [...(members.get(name) ?? []), process]);
    }
    return Object.fromEntries([...members].map(([name, processes]) => [name, namesYaml(processes, roster)]));
  };
  return {
    regions: places('region'),
    zones: places('zone'),
    racks: places('rack'),
    delays: topology.delays.map(({ from, to, extraMicros }) => ({
      between: [from, to],
      extra: formatDuration(extraMicros),
    })),
  };
}

/** Names of processes; neighbours in ascending order as ranges. */
function namesYaml(processes: readonly ProcessId[], roster: Roster): readonly string[] {
  const result: string[] = [];
  let first = 0;
  for (let i = 1; i <= processes.length; i++) {
    const [before, next] = [processes[i - 1] as ProcessId, processes[i]];
    // A range holds neighbours of one kind: n5..c1 is none.
    if (next === before + 1 && next !== roster.servers) continue;
    const low = roster.nameOf(processes[first] as ProcessId);
    result.push(first === i - 1 ? low : `${low}..${roster.nameOf(before)}`);
    first = i;
  }
  return result;
}

export function selectorYaml(selector: Selector, roster: Roster): Yaml {
  switch (selector.kind) {
    case 'nodes':
      return oneOrList(selector.nodes.map((process) => roster.nameOf(process)));
    case 'random-follower':
      return 'random follower';
    case 'random':
      return selector.count === 1 ? 'random' : `random ${selector.count}`;
    case 'domain':
      return { [selector.level]: selector.name };
    case 'random-domain':
      return `random ${selector.level}`;
    default:
      return selector.kind;
  }
}

export function oneOrList(names: readonly string[]): Yaml {
  const [only] = names;
  return only !== undefined && names.length === 1 ? only : names;
}

export function faultsYaml(plan: FaultPlan, roster: Roster): YamlMap {
  const schedule = plan.schedule.map(({ atMicros, forMicros, action }) => ({
    at: formatDuration(atMicros),
    ...(forMicros === undefined ? {} : { for: formatDuration(forMicros) }),
    ...actionYaml(action, roster),
  }));
  const random = plan.random.map(
    ({ aim, everyMinMicros, everyMaxMicros, forMinMicros, forMaxMicros, action }) => ({
      every: aim === undefined ? formatDurationRange(everyMinMicros, everyMaxMicros) : aimText(aim),
      ...(forMaxMicros === 0 ? {} : { for: formatDurationRange(forMinMicros, forMaxMicros) }),
      ...actionYaml(action, roster),
    }),
  );
  return { schedule, random, 'damaged-disks': plan.damagedDiskBudget };
}

/** `5..40 commits`. */
function aimText({ moment, least, most }: Aim): string {
  return `${least === most ? least : `${least}..${most}`} ${moment}`;
}

function actionYaml(action: FaultAction, roster: Roster): YamlMap {
  const on = (selector: Selector): { readonly on: Yaml } => ({ on: selectorYaml(selector, roster) });
  switch (action.do) {
    case 'random-partition':
    case 'majority-ring':
    case 'heal':
      return { do: action.do };
    case 'slow-cpu':
      return { do: action.do, ...on(action.on), service: formatDuration(action.serviceMicros) };
    case 'partition':
      return { do: action.do, groups: action.groups.map((group) => selectorYaml(group, roster)) };
    case 'isolate':
      return { do: action.do, ...on(action.on), direction: action.direction };
    case 'bridge':
      return { do: action.do, bridge: selectorYaml(action.bridge, roster) };
    case 'flap': {
      const { upMicros, downMicros } = action;
      return {
        do: action.do,
        ...on(action.on),
        up: formatDuration(upMicros),
        down: formatDuration(downMicros),
      };
    }
    case 'degrade': {
      const [from, to] = [selectorYaml(action.from, roster), selectorYaml(action.to, roster)];
      return { do: action.do, from, to, ...linkYaml(action.link) };
    }
    case 'slow-disk':
      return { do: action.do, ...on(action.on), factor: action.factor };
    case 'clock-jump':
      return { do: action.do, ...on(action.on), by: formatDuration(action.byMicros) };
    case 'clock-drift':
      return { do: action.do, ...on(action.on), by: `${action.ppm}ppm` };
    default:
      return { do: action.do, ...on(action.on) };
  }
}
