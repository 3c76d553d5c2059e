/**
 * Ghost: the clients' history, operation by operation. Times on its axis are positions: the order in which
 * the run recorded invocations and outcomes. That order is a real one (each event happens at an instant of
 * its own), so two operations that share a microsecond are still told apart.
 *
 * Operations are forgotten once they are judged (see settlement.ts). Of those that were refused, the latest
 * of each client stay known by number, because they must never happen.
 */

import type { HistoryEvent, Micros, Plain, ProcessId, ReadMode } from '../../kernel/index.js';
import { SequenceMap } from '../sequence-map.js';

/** One operation. `outcome` is `open` while it is outstanding. */
export interface ClientOperation {
  /** From 0, in the order of invocation. */
  readonly id: number;
  readonly client: ProcessId;
  readonly sequence: number;
  readonly input: Plain;
  readonly read: ReadMode | undefined;
  readonly outcome: 'ok' | 'fail' | 'unknown' | 'open';
  /** Result of an `ok`; null otherwise. */
  readonly output: Plain;
  /** Place of the agreed order at which an `ok` holds, as the server said; else 0. */
  readonly index: number;
  /** Place of the agreed order that was known for an `ok` when it was answered; else 0. */
  readonly place: number;
  readonly invokedAt: Micros;
  /** -1 while outstanding. */
  readonly endedAt: Micros;
  readonly callPosition: number;
  /** -1 while outstanding. */
  readonly returnPosition: number;
  /** The highest place of an operation that had been answered before this one was invoked. */
  readonly floor: number;
}

/** As the history itself sees an operation. An ended one never changes again. */
type MutableOperation = { -readonly [Field in keyof ClientOperation]: ClientOperation[Field] };

/** Refused operations that are remembered per client. */
const REFUSED_MAX = 1024;

export class ClientHistory {
  /** Operations that have ended since the last cut; see settlement.ts. */
  endedSinceCut = 0;
  /** The highest place that an answer was known to hold at. */
  answered = 0;
  /** Position of the next event. */
  position = 0;
  private nextId = 0;
  /** In the order of invocation, hence of ids. */
  private retained: MutableOperation[] = [];
  /** Per client, by sequence: those of `retained`. */
  private bySequence: SequenceMap<MutableOperation>[] = [];
  /** Per client: the highest sequence invoked. */
  private highest: number[] = [];
  /** Per client: sequences of forgotten operations that must never happen, the oldest first. */
  private readonly refused = new Map<ProcessId, Set<number>>();

  constructor(readonly servers: number) {}

  /** Operations that are not forgotten. */
  get size(): number {
    return this.retained.length;
  }

  /** Those that are not forgotten, in the order of their invocation. */
  operations(): readonly ClientOperation[] {
    return this.retained;
  }

  /**
   * Takes an event in. `place` is where in the agreed order an answer holds, 0 when that is not known. Returns
   * the operation; undefined for an event that changes none.
   */
  record(event: HistoryEvent, place = 0): ClientOperation | undefined {
    const position = this.position++;
    if (event.kind === 'invoke') return this.invoke(event, position);
    const operation = this.bySequence[event.client - this.servers]?.get(event.sequence);
    if (operation === undefined || operation.outcome !== 'open') return undefined;
    operation.outcome = event.kind;
    operation.output = event.output;
    operation.index = event.index;
    operation.place = place;
    operation.endedAt = event.time;
    operation.returnPosition = position;
    if (place > this.answered) this.answered = place;
    this.endedSinceCut++;
    return operation;
  }

  /** The operation of this number, unless it is forgotten. */
  operation(id: number): ClientOperation | undefined {
    return this.retained.find((operation) => operation.id === id);
  }

  /** True for an operation that was invoked, be it forgotten or not. */
  knows(client: ProcessId, sequence: number): boolean {
    return sequence <= (this.highest[client - this.servers] ?? 0);
  }

  /** True for an operation of the history that changes nothing. */
  isRead(client: ProcessId, sequence: number): boolean {
    const operation = this.bySequence[client - this.servers]?.get(sequence);
    return operation !== undefined && changesNothing(operation);
  }

  /** True for an operation that was invoked, judged and forgotten. */
  isForgotten(client: ProcessId, sequence: number): boolean {
    const number = client - this.servers;
    if (sequence > (this.highest[number] ?? 0)) return false;
    return this.bySequence[number]?.get(sequence) === undefined;
  }

  /** True for a forgotten operation that was answered as definitely failed, unless that is long ago. */
  wasRefused(client: ProcessId, sequence: number): boolean {
    return this.refused.size > 0 && this.refused.get(client)?.has(sequence) === true;
  }

  /** Nothing will be asked about these operations any more; they come in the order of their ids. */
  forget(operations: readonly ClientOperation[]): void {
    let kept = 0;
    let next = 0;
    for (const operation of this.retained) {
      if (operation === operations[next]) next++;
      else this.retained[kept++] = operation;
    }
    this.retained.length = kept;
    for (const { client, sequence, outcome } of operations) {
      this.bySequence[client - this.servers]?.delete(sequence);
      if (outcome === 'fail') this.rememberRefused(client, sequence);
    }
  }

  clone(): ClientHistory {
    const copy = new ClientHistory(this.servers);
    copy.endedSinceCut = this.endedSinceCut;
    copy.answered = this.answered;
    copy.position = this.position;
    copy.nextId = this.nextId;
    copy.highest = this.highest.slice();
    this.bySequence.forEach(() => copy.bySequence.push(new SequenceMap()));
    for (const operation of this.retained) {
      copy.retain(operation.outcome === 'open' ? { ...operation } : operation);
    }
    for (const [client, sequences] of this.refused) copy.refused.set(client, new Set(sequences));
    return copy;
  }

  private invoke(event: HistoryEvent, position: number): ClientOperation {
    const { client, sequence } = event;
    const number = client - this.servers;
    while (this.bySequence.length <= number) {
      this.bySequence.push(new SequenceMap());
      this.highest.push(0);
    }
    if (sequence > (this.highest[number] as number)) this.highest[number] = sequence;
    return this.retain({
      id: this.nextId++,
      client,
      sequence,
      input: event.input,
      read: event.read,
      outcome: 'open',
      output: null,
      index: 0,
      place: 0,
      invokedAt: event.time,
      endedAt: -1,
      callPosition: position,
      returnPosition: -1,
      floor: this.answered,
    });
  }

  private retain(operation: MutableOperation): ClientOperation {
    this.retained.push(operation);
    this.bySequence[operation.client - this.servers]?.set(operation.sequence, operation);
    return operation;
  }

  private rememberRefused(client: ProcessId, sequence: number): void {
    let sequences = this.refused.get(client);
    if (sequences === undefined) this.refused.set(client, (sequences = new Set()));
    sequences.add(sequence);
    if (sequences.size <= REFUSED_MAX) return;
    for (const oldest of sequences) {
      sequences.delete(oldest);
      return;
    }
  }
}

/** True for an operation that cannot change state: it needs no place in the agreed order. */
function isRead(input: Plain | undefined): boolean {
  if (input === undefined || input === null || typeof input !== 'object') return false;
  return (input as { readonly op?: Plain }).op === 'get';
}

/** True for an operation that says of itself, or by its mode, that it changes nothing. */
export function changesNothing({ read, input }: ClientOperation): boolean {
  return read !== undefined || isRead(input);
}

/** True for an operation on several keys at once: those are keys that no other operation touches. */
export function isTransaction({ input }: ClientOperation): boolean {
  return input !== null && typeof input === 'object' && (input as { readonly op?: Plain }).op === 'txn';
}

/** True for a read whose answer need not be linearizable: it has a contract of its own. */
export function isWeakRead({ read }: Pick<ClientOperation, 'read'>): boolean {
  return read === 'session' || read === 'stale';
}

/** True for a read that may be answered without being ordered, and is linearizable all the same. */
export function isReadAside({ read }: Pick<ClientOperation, 'read'>): boolean {
  return read === 'read-index' || read === 'lease' || read === 'follower';
}

/** The one error after which the operation may still have happened, long ago. */
const SESSION_EXPIRED = 'session-expired';

/** Refused, or answered with an error that says it changed nothing. */
export function hadNoEffect(operation: ClientOperation): boolean {
  if (operation.outcome === 'fail') return true;
  const error = operation.outcome === 'ok' ? errorOf(operation.output) : undefined;
  return error !== undefined && error !== SESSION_EXPIRED;
}

/** The error that an answer tells of; undefined for a proper result. */
export function errorOf(output: Plain): string | undefined {
  if (output === null || typeof output !== 'object') return undefined;
  const { error } = output as { readonly error?: Plain };
  return typeof error === 'string' ? error : undefined;
}
