/**
 * The shapes of partitions as directed links to cut: pure functions of groups of processes. Each gives
 * its links in ascending order without repetitions, so that equal shapes are equal values.
 */

import type { ProcessId } from '../kernel/index.js';

/** A directed link that carries nothing: messages from one process to another. */
export interface CutLink {
  readonly from: ProcessId;
  readonly to: ProcessId;
}

/** Where an isolation cuts: both ways, what comes in, or what goes out. */
export type Direction = 'both' | 'inbound' | 'outbound';

/** No process of a group reaches one of another group. Who is in several groups counts for the first. */
export function splitLinks(groups: readonly (readonly ProcessId[])[]): CutLink[] {
  const sides = new Map<ProcessId, number>();
  groups.forEach((group, side) => {
    for (const process of group) if (!sides.has(process)) sides.set(process, side);
  });
  const processes = [...sides.keys()].sort((a, b) => a - b);
  return linksWhere(processes, (from, to) => sides.get(from) !== sides.get(to));
}

/**
 * Cuts the selected, as one group, off from all others (and leaves the links among themselves).
 * `inbound`: nothing reaches them; `outbound`: nothing of theirs reaches others.
 */
export function isolationLinks(
  selected: readonly ProcessId[],
  everybody: readonly ProcessId[],
  direction: Direction,
): CutLink[] {
  const isInside = new Set(selected);
  return linksWhere(everybody, (from, to) => {
    if (isInside.has(from) === isInside.has(to)) return false;
    if (direction === 'both') return true;
    return isInside.has(direction === 'inbound' ? to : from);
  });
}

/** Whether a ring of this many servers exists in which each reaches a majority and no two the same one. */
export function hasMajorityRing(servers: number): boolean {
  return servers >= 3;
}

/**
 * Each server reaches its nearest neighbours on the ring, as many on either side as a majority takes. On
 * a ring of three that would be everybody, so the ring is opened between its last and first member: the
 * one in the middle reaches both ends, the ends do not reach each other.
 */
export function majorityRingLinks(ring: readonly ProcessId[]): CutLink[] {
  const size = ring.length;
  if (!hasMajorityRing(size)) return [];
  if (size === 3) return splitLinks([[ring[0] as ProcessId], [ring[2] as ProcessId]]);
  const majority = Math.floor(size / 2) + 1;
  const reach = Math.ceil((majority - 1) / 2);
  const places = new Map(ring.map((process, place) => [process, place]));
  return linksWhere(ring, (from, to) => {
    const apart = Math.abs((places.get(from) as number) - (places.get(to) as number));
    return Math.min(apart, size - apart) > reach;
  });
}

/** The links between two groups, both ways. */
export function linksBetween(one: readonly ProcessId[], other: readonly ProcessId[]): CutLink[] {
  const isOne = new Set(one);
  const isOther = new Set(other);
  return linksWhere(
    [...new Set([...one, ...other])],
    (from, to) => (isOne.has(from) && isOther.has(to)) || (isOther.has(from) && isOne.has(to)),
  );
}

function linksWhere(
  processes: readonly ProcessId[],
  isCut: (from: ProcessId, to: ProcessId) => boolean,
): CutLink[] {
  const ordered = processes.slice().sort((a, b) => a - b);
  const links: CutLink[] = [];
  for (const from of ordered) {
    for (const to of ordered) if (from !== to && isCut(from, to)) links.push({ from, to });
  }
  return links;
}
