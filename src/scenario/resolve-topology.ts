/** Names to numbers: who stands where, and which processes a name, range, group or selector means. */

import type { Selector } from '../faults/plan.js';
import type { ProcessId } from '../kernel/index.js';
import type { Location, Topology } from '../world/config.js';
import { impossible } from './problems.js';
import type { GroupForm, ProcessName, SelectorForm } from './schema-selectors.js';
import type { ScenarioForm } from './schema.js';
import type { KeyPath } from './source-tree.js';

/** Where everybody stands when nothing is said. */
export const DEFAULT_PLACE = 'local';

type TopologyForm = ScenarioForm['cluster']['topology'];
type Level = keyof Location;
type Placement = ReadonlyMap<ProcessId, string>;

const LEVELS = [
  ['regions', 'region'],
  ['zones', 'zone'],
  ['racks', 'rack'],
] as const;

/** The processes of a scenario: servers 0 … servers-1, then clients. */
export class Roster {
  constructor(
    readonly servers: number,
    readonly clients: number,
  ) {}

  get processes(): number {
    return this.servers + this.clients;
  }

  /** The process of a name; refuses names beyond the cluster's size. */
  processOf(name: ProcessName, path: KeyPath): ProcessId {
    const { role, number } = name;
    const most = role === 'server' ? this.servers : this.clients;
    if (number > most) {
      const kind = role === 'server' ? 'a server' : 'a client';
      const range =
        most === 0 ? 'none, there is no such process' : `${letter(role)}1 to ${letter(role)}${most}`;
      impossible(path, `${kind} of this cluster: ${range}`, `'${letter(role)}${number}'`);
    }
    return role === 'server' ? number - 1 : this.servers + number - 1;
  }

  processesOf(names: readonly ProcessName[], path: KeyPath): ProcessId[] {
    return names.map((name) => this.processOf(name, path));
  }

  /** `n3` or `c1`. */
  nameOf(process: ProcessId): string {
    return process < this.servers ? `n${process + 1}` : `c${process - this.servers + 1}`;
  }
}

function letter(role: ProcessName['role']): string {
  return role === 'server' ? 'n' : 'c';
}

/** Places every process: those that are not named fill the regions in turn. */
export function resolveTopology(form: TopologyForm, roster: Roster, path: KeyPath): Topology {
  const [regions, zones, racks] = LEVELS.map(([key]) => placement(form[key], roster, [...path, key])) as [
    Placement,
    Placement,
    Placement,
  ];
  const regionNames = Object.keys(form.regions);
  let unplaced = 0;
  const locations = Array.from({ length: roster.processes }, (_, process): Location => {
    if (process === roster.servers) unplaced = 0;
    const inTurn = (): string => regionNames[unplaced++ % regionNames.length] ?? DEFAULT_PLACE;
    const region = regions.get(process) ?? inTurn();
    const zone = zones.get(process) ?? region;
    return { region, zone, rack: racks.get(process) ?? zone };
  });
  checkNesting(locations, roster, path);
  return { locations, delays: resolveDelays(form, locations, [...path, 'delays']) };
}

function placement(places: TopologyForm['regions'], roster: Roster, path: KeyPath): Placement {
  const result = new Map<ProcessId, string>();
  for (const [name, members] of Object.entries(places)) {
    for (const process of roster.processesOf(members, [...path, name])) {
      const other = result.get(process);
      if (other !== undefined) {
        impossible(
          [...path, name],
          `every process in one place`,
          `${roster.nameOf(process)} in both ${other} and ${name}`,
        );
      }
      result.set(process, name);
    }
  }
  return result;
}

/** A name means one place: a zone lies in one region, a rack in one zone, and no name is used on two levels. */
function checkNesting(locations: readonly Location[], roster: Roster, path: KeyPath): void {
  const meanings = new Map<string, string>();
  for (const [process, { region, zone, rack }] of locations.entries()) {
    const inZone = zone === region ? region : `${region}/${zone}`;
    const inRack = rack === zone ? inZone : `${inZone}/${rack}`;
    for (const [name, meaning] of [
      [region, region],
      [zone, inZone],
      [rack, inRack],
    ] as const) {
      const known = meanings.get(name) ?? meaning;
      if (known !== meaning) {
        const got = `'${name}' for ${known} and, at ${roster.nameOf(process)}, for ${meaning}`;
        impossible(path, 'every name to stand for one region, zone or rack', got);
      }
      meanings.set(name, meaning);
    }
  }
}

function resolveDelays(
  form: TopologyForm,
  locations: readonly Location[],
  path: KeyPath,
): Topology['delays'] {
  const seen = new Set<string>();
  return form.delays.map(({ between: [from, to], extra }, i) => {
    for (const [end, name] of [from, to].entries()) checkPlace(name, locations, [...path, i, 'between', end]);
    const pair = from < to ? `${from} ${to}` : `${to} ${from}`;
    if (seen.has(pair))
      impossible([...path, i, 'between'], 'each pair of places once', `${from} and ${to} again`);
    seen.add(pair);
    return { from, to, extraMicros: extra };
  });
}

function checkPlace(name: string, locations: readonly Location[], path: KeyPath): void {
  if (locations.some(({ region, zone, rack }) => name === region || name === zone || name === rack)) return;
  impossible(
    path,
    `the name of a place where somebody stands: ${placeNames(locations).join(', ')}`,
    `'${name}'`,
  );
}

function placeNames(locations: readonly Location[]): readonly string[] {
  return [...new Set(locations.flatMap(({ region, zone, rack }) => [region, zone, rack]))];
}

/** A fixed group of processes, ascending. */
export function resolveGroup(
  form: GroupForm,
  roster: Roster,
  topology: Topology,
  path: KeyPath,
): readonly ProcessId[] {
  const all = Array.from({ length: roster.processes }, (_, process) => process);
  switch (form.kind) {
    case 'servers':
      return all.slice(0, roster.servers);
    case 'clients':
      return all.slice(roster.servers);
    case 'all':
      return all;
    case 'names':
      return [...new Set(roster.processesOf(form.names, path))].sort((a, b) => a - b);
    case 'domain':
      checkDomain(form.level, form.name, topology.locations, path);
      return all.filter((process) => topology.locations[process]?.[form.level] === form.name);
  }
}

/** On whom a fault falls. `mayBeClients`: the fault can strike clients by name. */
export function resolveSelector(
  form: SelectorForm,
  roster: Roster,
  topology: Topology,
  mayBeClients: boolean,
  path: KeyPath,
): Selector {
  const servers = topology.locations.slice(0, roster.servers);
  switch (form.kind) {
    case 'names': {
      const nodes = roster.processesOf(form.names, path);
      const client = nodes.find((process) => process >= roster.servers);
      if (nodes.length === 0) impossible(path, 'at least one process');
      if (client !== undefined && !mayBeClients) impossible(path, 'servers only', roster.nameOf(client));
      if (new Set(nodes).size < nodes.length) impossible(path, 'every process once', 'one of them twice');
      return { kind: 'nodes', nodes };
    }
    case 'random':
      if (form.count > roster.servers) {
        impossible(path, `at most ${roster.servers} servers, as many as there are`, String(form.count));
      }
      return form;
    case 'minority':
      if (roster.servers < 3)
        impossible(path, 'a cluster of at least 3 nodes, to have a minority', `${roster.servers}`);
      return form;
    case 'domain':
      checkDomain(form.level, form.name, servers, path);
      return form;
    case 'random-domain':
      if (new Set(servers.map((location) => location[form.level])).size < 2) {
        impossible(
          path,
          `servers in at least two ${form.level}s (cluster.topology.${form.level}s)`,
          'all of them in one',
        );
      }
      return form;
    default:
      return form;
  }
}

function checkDomain(level: Level, name: string, locations: readonly Location[], path: KeyPath): void {
  const known = [...new Set(locations.map((location) => location[level]))];
  if (known.includes(name)) return;
  impossible([...path, level], `a ${level} where somebody stands: ${known.join(', ')}`, `'${name}'`);
}
