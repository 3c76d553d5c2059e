/**
 * Ghost: the clients' history, operation by operation. Times on its axis are positions: the order in which
 * the run recorded invocations and outcomes. That order is a real one (each event happens at an instant of
 * its own), so two operations that share a microsecond are still told apart.
 */

import type { HistoryEvent, Micros, Plain, ProcessId } from '../../kernel/index.js';
import { IntColumn } from '../columns.js';

/** One operation. `outcome` is `open` while it is outstanding. */
export interface ClientOperation {
  /** From 0, in the order of invocation. */
  readonly id: number;
  readonly client: ProcessId;
  readonly sequence: number;
  readonly input: Plain;
  readonly outcome: 'ok' | 'fail' | 'unknown' | 'open';
  /** Result of an `ok`; null otherwise. */
  readonly output: Plain;
  readonly invokedAt: Micros;
  /** -1 while outstanding. */
  readonly endedAt: Micros;
  readonly callPosition: number;
  /** -1 while outstanding. */
  readonly returnPosition: number;
}

export class ClientHistory {
  private invocations: HistoryEvent[] = [];
  private endings: (HistoryEvent | undefined)[] = [];
  private callPositions = new IntColumn();
  private returnPositions = new IntColumn(-1);
  private positions = 0;
  /** Per client, by sequence: number of the operation plus 1; 0 when there is none. */
  private numbers: IntColumn[] = [];

  constructor(readonly servers: number) {}

  get size(): number {
    return this.invocations.length;
  }

  record(event: HistoryEvent): void {
    const position = this.positions++;
    if (event.kind === 'invoke') {
      const id = this.invocations.length;
      this.invocations.push(event);
      this.endings.push(undefined);
      this.callPositions.set(id, position);
      this.numbersOf(event.client).set(event.sequence, id + 1);
      return;
    }
    const id = this.numbersOf(event.client).get(event.sequence) - 1;
    if (id < 0 || this.endings[id] !== undefined) return;
    this.endings[id] = event;
    this.returnPositions.set(id, position);
  }

  /** Builds a view of operation number `id`; for judging, not for hot hooks. */
  operation(id: number): ClientOperation {
    const invocation = this.invocations[id] as HistoryEvent;
    const ending = this.endings[id];
    return {
      id,
      client: invocation.client,
      sequence: invocation.sequence,
      input: invocation.input,
      outcome: ending === undefined || ending.kind === 'invoke' ? 'open' : ending.kind,
      output: ending === undefined ? null : ending.output,
      invokedAt: invocation.time,
      endedAt: ending === undefined ? -1 : ending.time,
      callPosition: this.callPositions.get(id),
      returnPosition: this.returnPositions.get(id),
    };
  }

  /** The sequence number of operation number `id`. */
  sequenceOf(id: number): number {
    return (this.invocations[id] as HistoryEvent).sequence;
  }

  /** What a client's operation asked for; undefined when it is not in the history. */
  inputOf(client: ProcessId, sequence: number): Plain | undefined {
    const id = (this.numbers[client - this.servers]?.get(sequence) ?? 0) - 1;
    return id < 0 ? undefined : this.invocations[id]?.input;
  }

  clone(): ClientHistory {
    const copy = new ClientHistory(this.servers);
    copy.invocations = this.invocations.slice();
    copy.endings = this.endings.slice();
    copy.callPositions = this.callPositions.clone();
    copy.returnPositions = this.returnPositions.clone();
    copy.positions = this.positions;
    copy.numbers = this.numbers.map((numbers) => numbers.clone());
    return copy;
  }

  private numbersOf(client: ProcessId): IntColumn {
    const number = client - this.servers;
    while (this.numbers.length <= number) this.numbers.push(new IntColumn());
    return this.numbers[number] as IntColumn;
  }
}

/** True for an operation that cannot change state: it needs no place in the agreed order. */
export function isRead(input: Plain | undefined): boolean {
  if (input === undefined || input === null || typeof input !== 'object') return false;
  return (input as { readonly op?: Plain }).op === 'get';
}
