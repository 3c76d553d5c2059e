/**
 * The graph of dependencies between transactions (Adya 1999, §4) and its cycles. Versions of a key are ordered as
 * the longest read shows them.
 * - ww: appended the element right before one of the other's;
 * - wr: appended the last element that the other read;
 * - rw: read a version right after which the other appended;
 * - process, real-time (if asked for): ended before the other began, in the same process, or at all.
 *
 * A cycle is named by the fewest kinds of edges that make one: G0 (ww), G1c (and wr), G-single (and one rw), G2
 * (rw); with `-process` or `-realtime` behind it where it needs those edges. A transaction of unknown outcome takes
 * part when somebody read what it appended.
 */

import { components, Graph, shortestPath } from './graph.js';
import type { KeyHistory, Transaction, TxnHistory } from './txn-history.js';
import type { Anomalies } from './verdict.js';

export interface TransactionOptions {
  /**
   * serializable: cycles of dependencies. session: those with the order of each process, too (strong session
   * serializability). strict: those with real time, too (strict serializability). Default strict.
   */
  readonly order?: 'serializable' | 'session' | 'strict';
}

type EdgeKind = 'ww' | 'wr' | 'rw' | 'process' | 'realtime';

interface Edge {
  readonly kind: EdgeKind;
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

/** Adds what cycles show; one for each name. */
export function judgeCycles(history: TxnHistory, options: TransactionOptions, anomalies: Anomalies): void {
  const { transactions } = history;
  const data: Edge[] = [];
  for (const key of history.keys.values()) keyEdges(key, data);
  const order = options.order ?? 'strict';
  const levels: { readonly suffix: string; readonly edges: readonly Edge[] }[] = [
    { suffix: '', edges: data },
  ];
  if (order !== 'serializable')
    levels.push({ suffix: '-process', edges: [...data, ...processEdges(transactions)] });
  if (order === 'strict')
    levels.push({ suffix: '-realtime', edges: [...data, ...realTimeEdges(transactions)] });
  for (const { suffix, edges } of levels) {
    if (new Cycles(transactions, edges, suffix, anomalies).judge()) return;
  }
}

function keyEdges(key: KeyHistory, edges: Edge[]): void {
  const list = key.longest?.list ?? [];
  const name = `key ${key.name}`;
  const writers = list.map((element) => key.appends.get(element)?.transaction);
  for (let index = 1; index < list.length; index++) {
    const why = `appended ${list[index - 1] ?? ''} to ${name} before ${list[index] ?? ''}`;
    addEdge(edges, 'ww', writers[index - 1], writers[index], why);
  }
  for (const { transaction, list: read } of key.reads) {
    // Reads that do not begin the longest have been told of; nothing certain follows from them.
    const last = read.length - 1;
    if (read[last] !== list[last]) continue;
    if (last >= 0)
      addEdge(edges, 'wr', writers[last], transaction, `appended ${read[last] ?? ''}, read at ${name}`);
    const next = list[last + 1];
    const why = `did not read ${next ?? ''} at ${name}`;
    if (next !== undefined) addEdge(edges, 'rw', transaction, writers[last + 1], why);
  }
}

function addEdge(
  edges: Edge[],
  kind: EdgeKind,
  from: Transaction | undefined,
  to: Transaction | undefined,
  why: string,
): void {
  if (from === undefined || to === undefined || from === to) return;
  edges.push({ kind, from: from.number, to: to.number, why });
}

function processEdges(transactions: readonly Transaction[]): Edge[] {
  const edges: Edge[] = [];
  const last = new Map<number, Transaction>();
  for (const transaction of transactions) {
    if (transaction.operation.outcome !== 'ok') continue;
    const { process } = transaction.operation;
    addEdge(edges, 'process', last.get(process), transaction, `came first in process ${process}`);
    last.set(process, transaction);
  }
  return edges;
}

/**
 * Who ended before whom began, without what follows from other edges: of those that have ended, only the ones after
 * whose end no other began and ended are kept at hand.
 */
function realTimeEdges(transactions: readonly Transaction[]): Edge[] {
  const edges: Edge[] = [];
  const byReturn = transactions
    .filter(({ operation }) => operation.outcome === 'ok')
    .sort((a, b) => a.operation.return - b.operation.return);
  let frontier: Transaction[] = [];
  let next = 0;
  for (const transaction of transactions) {
    const { call } = transaction.operation;
    for (; next < byReturn.length; next++) {
      const ended = byReturn[next] as Transaction;
      if (ended.operation.return >= call) break;
      frontier = frontier.filter(({ operation }) => operation.return >= ended.operation.call);
      frontier.push(ended);
    }
    for (const ended of frontier) addEdge(edges, 'realtime', ended, transaction, 'ended before it began');
  }
  return edges;
}

/** Most edges of one component that are tried as the one that is read-write. */
const TRIES_MAX = 2_000;

class Cycles {
  private readonly byName = new Map<number, Edge>();
  /** Edges within a component: no others are part of a cycle. */
  private readonly edges: readonly Edge[];
  private readonly all: Graph;

  constructor(
    private readonly transactions: readonly Transaction[],
    edges: readonly Edge[],
    private readonly suffix: string,
    private readonly anomalies: Anomalies,
  ) {
    this.edges = edges;
    const componentOf = new Map<number, number>();
    components(this.graphOf(() => true)).forEach((members, index) => {
      for (const member of members) componentOf.set(member, index);
    });
    this.edges = edges.filter(({ from, to }) => {
      const component = componentOf.get(from);
      return component !== undefined && component === componentOf.get(to);
    });
    this.all = this.graphOf(() => true);
  }

  /** Whether any cycle was found. */
  judge(): boolean {
    if (this.edges.length === 0) return false;
    const plain = (edge: Edge): boolean => edge.kind !== 'rw';
    if (this.suffix === '') this.judgePart('G0', (edge) => edge.kind === 'ww');
    else this.judgePart('G0', (edge) => edge.kind !== 'rw' && edge.kind !== 'wr');
    this.judgePart('G1c', plain);
    this.judgeSingle(this.graphOf(plain));
    this.judgeG2();
    return true;
  }

  private graphOf(takes: (edge: Edge) => boolean): Graph {
    const graph = new Graph(this.transactions.length);
    const seen = new Set<number>();
    for (const edge of this.edges) {
      const name = edge.from * this.transactions.length + edge.to;
      const known = this.byName.get(name);
      if (known === undefined || RANK[edge.kind] < RANK[known.kind]) this.byName.set(name, edge);
      if (!takes(edge) || seen.has(name)) continue;
      seen.add(name);
      graph.add(edge.from, edge.to);
    }
    return graph;
  }

  /** A cycle of these edges only, which no weaker name has. */
  private judgePart(kind: string, takes: (edge: Edge) => boolean): void {
    const best = shortCycle(this.graphOf(takes));
    // A cycle of ww alone is told as G0 and not again.
    if (best === undefined || (kind === 'G1c' && this.hasFound('G0'))) return;
    this.tell(kind, best);
  }

  private hasFound(kind: string): boolean {
    return this.anomalies.has(kind + this.suffix);
  }

  /** One rw edge, and a way back without any. */
  private judgeSingle(plain: Graph): void {
    let tries = 0;
    let best: number[] | undefined;
    for (const edge of this.edges) {
      if (edge.kind !== 'rw' || tries++ > TRIES_MAX) continue;
      const back = shortestPath(plain, edge.to, edge.from);
      if (back !== undefined && (best === undefined || back.length + 1 < best.length))
        best = [edge.from, ...back];
    }
    if (best !== undefined) this.tell('G-single', best);
  }

  /** Any cycle, if none of the kinds above was found. */
  private judgeG2(): void {
    if (['G0', 'G1c', 'G-single'].some((kind) => this.hasFound(kind))) return;
    const best = shortCycle(this.all);
    if (best !== undefined) this.tell('G2', best);
  }

  private tell(kind: string, cycle: readonly number[]): void {
    const lineOf = (number: number): number => this.transactions[number]?.operation.line ?? 0;
    const steps = cycle.map((from, index) => {
      const to = cycle[(index + 1) % cycle.length] as number;
      const edge = this.byName.get(from * this.transactions.length + to);
      return `line ${lineOf(from)} ${edge?.why ?? ''} (${edge?.kind ?? ''}, line ${lineOf(to)})`;
    });
    this.anomalies.add(kind + this.suffix, `a cycle: ${steps.join('; ')}`, cycle.map(lineOf));
  }
}

/** Which of several edges between two transactions is told. */
const RANK: Readonly<Record<EdgeKind, number>> = { ww: 0, wr: 1, process: 2, realtime: 3, rw: 4 };
const STARTS_MAX = 200;

/** The shortest of the cycles through some nodes of each component. */
function shortCycle(graph: Graph): number[] | undefined {
  let best: number[] | undefined;
  for (const component of components(graph)) {
    for (const start of component.slice(0, STARTS_MAX)) {
      const cycle = shortestPath(graph, start, start);
      if (cycle !== undefined && (best === undefined || cycle.length < best.length)) best = cycle;
    }
  }
  return best;
}
