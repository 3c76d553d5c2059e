/**
 * On whom a fault falls: selectors resolved to processes at the moment at which it strikes.
 *
 * A drawn victim is a server's number, not a place in the list of candidates: when the drawn server is
 * not eligible, the next one by number takes its place. So a recorded decision keeps its meaning in an
 * edited run in which others are down. The price is a slight bias towards servers after ineligible ones.
 */

import { byCodeUnits, type ProcessId } from '../kernel/index.js';
import type { Location, Topology } from '../world/config.js';
import type { Selector } from './plan.js';

/** Asks for one decision of the fault in hand; `what` may be asked several times and counts up. */
export type Draw = (what: string, min: number, max: number, byDefault: number) => number;

/** What selectors need to know of the world. */
export interface Electorate {
  readonly servers: number;
  readonly topology: Topology;
  leader(): ProcessId;
}

/** The part of a topology that a fault may hit as a whole. */
type Level = keyof Location;

/**
 * The processes a selector stands for, in ascending order; empty when there is nobody. Chance falls only
 * on servers that are eligible; a selector that names its servers takes them as they are.
 */
export function selectProcesses(
  selector: Selector,
  electorate: Electorate,
  isEligible: (server: ProcessId) => boolean,
  draw: Draw,
): ProcessId[] {
  const servers = serversOf(electorate);
  switch (selector.kind) {
    case 'nodes':
      return [...new Set(selector.nodes)].sort((a, b) => a - b);
    case 'there':
      // Resolved before by whoever knows where that is: elsewhere there is nobody.
      return [];
    case 'leader':
      return electorate.leader() < 0 ? [] : [electorate.leader()];
    case 'followers':
      return electorate.leader() < 0 ? [] : servers.filter((server) => server !== electorate.leader());
    case 'random-follower':
      return drawFollower(servers.filter(isEligible), electorate, draw);
    case 'random':
      return ascending(drawServers(selector.count, servers.filter(isEligible), electorate.servers, draw));
    case 'minority':
      return drawMinority(servers.filter(isEligible), electorate.servers, draw);
    case 'all':
      return servers;
    case 'domain':
      return servers.filter((server) => placeOf(electorate, server, selector.level) === selector.name);
    case 'random-domain':
      return drawDomain(selector.level, electorate, servers, isEligible, draw);
  }
}

/** All servers in ascending order. */
export function serversOf(electorate: Electorate): ProcessId[] {
  return Array.from({ length: electorate.servers }, (_, server) => server);
}

/** Up to `count` different candidates (ascending) in the order in which they were drawn. */
export function drawServers(
  count: number,
  candidates: readonly ProcessId[],
  servers: number,
  draw: Draw,
): ProcessId[] {
  const left = candidates.slice();
  const drawn: ProcessId[] = [];
  while (drawn.length < count && left.length > 0) {
    const wanted = draw('victim', 0, servers - 1, 0);
    const place = left.findIndex((server) => server >= wanted);
    drawn.push(...left.splice(place < 0 ? 0 : place, 1));
  }
  return drawn;
}

function drawFollower(candidates: readonly ProcessId[], electorate: Electorate, draw: Draw): ProcessId[] {
  const leader = electorate.leader();
  if (leader < 0) return [];
  const followers = candidates.filter((server) => server !== leader);
  return drawServers(1, followers, electorate.servers, draw);
}

function drawMinority(candidates: readonly ProcessId[], servers: number, draw: Draw): ProcessId[] {
  const most = Math.floor((servers - 1) / 2);
  if (most === 0 || candidates.length === 0) return [];
  return ascending(drawServers(draw('size', 1, most, 1), candidates, servers, draw));
}

function drawDomain(
  level: Level,
  electorate: Electorate,
  servers: readonly ProcessId[],
  isEligible: (server: ProcessId) => boolean,
  draw: Draw,
): ProcessId[] {
  const names = servers.filter(isEligible).map((server) => placeOf(electorate, server, level));
  const domains = [...new Set(names)].sort(byCodeUnits);
  if (domains.length === 0) return [];
  const name = domains[draw('domain', 0, domains.length - 1, 0)];
  return servers.filter((server) => placeOf(electorate, server, level) === name);
}

function placeOf(electorate: Electorate, server: ProcessId, level: Level): string {
  return electorate.topology.locations[server]?.[level] ?? '';
}

function ascending(processes: ProcessId[]): ProcessId[] {
  return processes.sort((a, b) => a - b);
}
