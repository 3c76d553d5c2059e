/**
 * What sessions say of the order of one key's versions, as a graph. An edge a → b says a ≤ b.
 *
 * "After all that the session wrote" is a node of its own, fed by every write and leading to what is read next, so
 * that a session of n operations needs n edges and not n². Versions in one cycle would have to be equal: a cycle
 * with two of them shows that there is no order.
 */

import { components, Graph, shortestPath } from './graph.js';

/** One step of a cycle: sessions see `from` before `to`, by what these lines did. */
export interface OrderStep {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly number[];
}

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly number[];
}

/** Most pairs of versions of a component for which a short cycle is sought. */
const PAIRS_MAX = 200;

export class VersionOrder {
  private readonly edges: Edge[] = [];
  private nodes: number;

  /** Versions are numbered from 0; version 0 comes before all others. */
  constructor(private readonly versions: number) {
    this.nodes = versions;
  }

  /** A node that is no version. */
  addNode(): number {
    return this.nodes++;
  }

  addEdge(from: number, to: number, lines: readonly number[]): void {
    if (from !== to) this.edges.push({ from, to, lines });
  }

  /** All edges of another graph over the same versions. */
  addAll(other: VersionOrder): void {
    const shift = this.nodes - other.versions;
    const place = (node: number): number => (node < other.versions ? node : node + shift);
    for (const { from, to, lines } of other.edges)
      this.edges.push({ from: place(from), to: place(to), lines });
    this.nodes += other.nodes - other.versions;
  }

  /** A short cycle with two versions or more; undefined when there is an order. */
  findCycle(): OrderStep[] | undefined {
    const graph = new Graph(this.nodes);
    const lines = new Map<number, readonly number[]>();
    for (const edge of this.edges) {
      const name = edge.from * this.nodes + edge.to;
      if (lines.has(name)) continue;
      lines.set(name, edge.lines);
      graph.add(edge.from, edge.to);
    }
    for (let version = 1; version < this.versions; version++) graph.add(0, version);
    let best: number[] | undefined;
    for (const component of components(graph)) {
      const members = component.filter((node) => node < this.versions);
      const [first] = members;
      if (first === undefined) continue;
      for (const other of members.slice(1, PAIRS_MAX)) {
        const there = shortestPath(graph, first, other) ?? [];
        const back = shortestPath(graph, other, first) ?? [];
        if (best === undefined || there.length + back.length < best.length) best = [...there, ...back];
      }
    }
    return best === undefined ? undefined : this.steps(best, lines);
  }

  /** The cycle from version to version. */
  private steps(cycle: readonly number[], lines: ReadonlyMap<number, readonly number[]>): OrderStep[] {
    const steps: OrderStep[] = [];
    let from = cycle[0] as number;
    let seen: number[] = [];
    cycle.forEach((node, index) => {
      const to = cycle[(index + 1) % cycle.length] as number;
      seen.push(...(lines.get(node * this.nodes + to) ?? []));
      if (to >= this.versions) return;
      steps.push({ from, to, lines: seen });
      from = to;
      seen = [];
    });
    return steps;
  }
}
