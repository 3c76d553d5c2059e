/**
 * Session guarantees (Terry et al., "Session guarantees for weakly consistent replicated data", PDIS 1994) on
 * registers by key whose written values are all different: `read` → value (null: never written), `write` value.
 * A session is a process.
 *
 * Each guarantee asks that all replicas write the versions of a key in one order, and that sessions see it so:
 * - monotonic reads: who read b after a has a ≤ b;
 * - monotonic writes: who wrote b after a has a < b;
 * - read your writes: who read b after writing a has a ≤ b;
 * - writes follow reads: who wrote b after reading a has a < b.
 * A cycle among the versions shows that there is no such order. It is told by a guarantee that has one on its own;
 * one that takes several of them is told as `no-version-order`.
 */

import { type RecordedOperation, ShapeError, textOf } from './recorded.js';
import { measureStaleness } from './staleness.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';
import { type OrderStep, VersionOrder } from './version-order.js';

export const GUARANTEES = [
  'monotonic-reads',
  'monotonic-writes',
  'read-your-writes',
  'writes-follow-reads',
] as const;
export type Guarantee = (typeof GUARANTEES)[number];

/** Versions of one key, numbered from 0 (the absent one). */
interface Versions {
  readonly texts: string[];
  readonly numbers: Map<string, number>;
  /** Lines of their writes; undefined for a write that failed. */
  readonly writtenIn: (number | undefined)[];
}

/** What one session did with a key so far. */
interface Session {
  lastRead: Seen | undefined;
  lastWrite: Seen | undefined;
  /** Nodes for "all that it read" and "all that it wrote", each with the line that made it. */
  allRead: Seen | undefined;
  allWritten: Seen | undefined;
}

interface Seen {
  readonly node: number;
  readonly line: number;
}

/** Judges the guarantees asked for. Throws {@link ShapeError}. */
export function judgeSessions(
  operations: readonly RecordedOperation[],
  guarantees: readonly Guarantee[] = GUARANTEES,
): HistoryReport {
  const anomalies = new Anomalies();
  const byKey = splitByKey(operations);
  for (const [key, part] of byKey) judgeKey(key, part, guarantees, anomalies);
  const passed = `valid: ${count(byKey.size, 'key')}, ${count(operations.length, 'operation')}`;
  return anomalies.report(passed, measureStaleness(byKey.values()));
}

function splitByKey(operations: readonly RecordedOperation[]): Map<string, RecordedOperation[]> {
  const keys = new Map<string, RecordedOperation[]>();
  for (const operation of operations) {
    if (operation.f !== 'read' && operation.f !== 'write') {
      throw new ShapeError(operation.line, `read or write, not ${operation.f}`);
    }
    const key = operation.key === undefined ? '' : textOf(operation.key);
    const list = keys.get(key);
    if (list === undefined) keys.set(key, [operation]);
    else list.push(operation);
  }
  return keys;
}

function judgeKey(
  key: string,
  operations: readonly RecordedOperation[],
  guarantees: readonly Guarantee[],
  anomalies: Anomalies,
): void {
  const versions = readVersions(operations);
  judgeKnown(operations, versions, anomalies);
  const orders = relate(operations, versions);
  const all = new VersionOrder(versions.texts.length);
  let foundOne = false;
  for (const guarantee of guarantees) {
    const order = orders[guarantee];
    all.addAll(order);
    const cycle = order.findCycle();
    if (cycle !== undefined) tell(guarantee, key, versions, cycle, anomalies);
    foundOne ||= cycle !== undefined;
  }
  const cycle = foundOne ? undefined : all.findCycle();
  if (cycle !== undefined) tell('no-version-order', key, versions, cycle, anomalies);
}

function readVersions(operations: readonly RecordedOperation[]): Versions {
  const versions: Versions = { texts: ['null'], numbers: new Map([['null', 0]]), writtenIn: [0] };
  for (const operation of operations) {
    if (operation.f !== 'write') continue;
    const text = textOf(operation.input);
    const number = versions.numbers.get(text);
    if (number !== undefined) {
      const before = versions.writtenIn[number] ?? 0;
      throw new ShapeError(
        operation.line,
        before === 0 ? 'a value to write' : `a value that line ${before} does not write, too`,
      );
    }
    versions.numbers.set(text, versions.texts.length);
    versions.texts.push(text);
    versions.writtenIn.push(operation.outcome === 'fail' ? undefined : operation.line);
  }
  return versions;
}

function judgeKnown(
  operations: readonly RecordedOperation[],
  versions: Versions,
  anomalies: Anomalies,
): void {
  for (const { f, outcome, output, line } of operations) {
    if (f !== 'read' || outcome !== 'ok') continue;
    const text = textOf(output);
    const number = versions.numbers.get(text);
    if (number !== undefined && versions.writtenIn[number] !== undefined) continue;
    anomalies.add('unexpected', `line ${line} reads ${text}, which nobody wrote`, [line]);
  }
}

/** What the sessions say of the order, by guarantee. */
function relate(
  operations: readonly RecordedOperation[],
  versions: Versions,
): Readonly<Record<Guarantee, VersionOrder>> {
  const size = versions.texts.length;
  const orders: Record<Guarantee, VersionOrder> = {
    'monotonic-reads': new VersionOrder(size),
    'monotonic-writes': new VersionOrder(size),
    'read-your-writes': new VersionOrder(size),
    'writes-follow-reads': new VersionOrder(size),
  };
  const sessions = new Map<number, Session>();
  for (const { f, outcome, input, output, line, process } of operations) {
    const isRead = f === 'read';
    if (outcome === 'fail' || (isRead && outcome !== 'ok')) continue;
    const node = versions.numbers.get(textOf(isRead ? output : input));
    if (node === undefined) continue;
    let session = sessions.get(process);
    if (session === undefined) {
      session = { lastRead: undefined, lastWrite: undefined, allRead: undefined, allWritten: undefined };
      sessions.set(process, session);
    }
    const now: Seen = { node, line };
    if (isRead) {
      follow(orders['monotonic-reads'], session.lastRead, now);
      follow(orders['read-your-writes'], session.allWritten, now);
      session.lastRead = now;
      session.allRead = gather(orders['writes-follow-reads'], session.allRead, now);
      continue;
    }
    follow(orders['monotonic-writes'], session.lastWrite, now);
    follow(orders['writes-follow-reads'], session.allRead, now);
    // A write of unknown outcome may never have happened, so nothing has to follow it.
    if (outcome !== 'ok') continue;
    session.lastWrite = now;
    session.allWritten = gather(orders['read-your-writes'], session.allWritten, now);
  }
  return orders;
}

function follow(order: VersionOrder, before: Seen | undefined, now: Seen): void {
  if (before !== undefined) order.addEdge(before.node, now.node, [before.line, now.line]);
}

/** The node for all before and `now`. */
function gather(order: VersionOrder, all: Seen | undefined, now: Seen): Seen {
  const node = order.addNode();
  order.addEdge(now.node, node, [now.line]);
  if (all !== undefined) order.addEdge(all.node, node, []);
  return { node, line: now.line };
}

function tell(
  kind: string,
  key: string,
  versions: Versions,
  cycle: readonly OrderStep[],
  anomalies: Anomalies,
): void {
  const lines = (step: OrderStep): number[] => [...new Set(step.lines)];
  const steps = cycle.map((step) => {
    const seen = lines(step);
    const by = seen.length === 0 ? '' : ` (lines ${seen.join(', ')})`;
    return `${versions.texts[step.from] ?? ''} before ${versions.texts[step.to] ?? ''}${by}`;
  });
  anomalies.add(
    kind,
    `the versions${key === '' ? '' : ` of key ${key}`} have no order: ${steps.join(', ')}`,
    [...new Set(cycle.flatMap(lines))],
  );
}
