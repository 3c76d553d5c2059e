/**
 * What is known of every client's operations: how they were asked for, how they ended, where they were
 * applied, and how often they were answered. Kept in columns, not objects: a run has hundreds of thousands.
 */

import { READ_MODES, type HistoryEvent, type ProcessId, type ReadMode } from '../../kernel/index.js';
import { IntColumn } from '../columns.js';

const MODES: readonly (ReadMode | undefined)[] = [undefined, ...READ_MODES];

/** The operations of one client, by sequence number. */
export class ClientOperations {
  /** Number of the read mode, plus 1; 0: never invoked. */
  private modes = new IntColumn();
  /** 1 once its deadline has passed without an answer. */
  private unknown = new IntColumn();
  /** Place of the agreed order where it was first applied; 0: nowhere yet. */
  private firstApplied = new IntColumn();
  /** 1 once a server has sent an answer. */
  private answered = new IntColumn();

  isInvoked(sequence: number): boolean {
    return this.modes.get(sequence) > 0;
  }

  /** How it was asked to be read; undefined for what is no read, and for what was never invoked. */
  readMode(sequence: number): ReadMode | undefined {
    const number = this.modes.get(sequence);
    return number === 0 ? undefined : MODES[number - 1];
  }

  isUnknown(sequence: number): boolean {
    return this.unknown.get(sequence) > 0;
  }

  /** Place where it was first applied; 0 when it was not. */
  appliedAt(sequence: number): number {
    return this.firstApplied.get(sequence);
  }

  isAnswered(sequence: number): boolean {
    return this.answered.get(sequence) > 0;
  }

  record(event: HistoryEvent): void {
    if (event.kind === 'invoke') this.modes.set(event.sequence, MODES.indexOf(event.read) + 1);
    else if (event.kind === 'unknown') this.unknown.set(event.sequence, 1);
  }

  applied(sequence: number, index: number): void {
    if (this.appliedAt(sequence) === 0) this.firstApplied.set(sequence, index);
  }

  answer(sequence: number): void {
    this.answered.set(sequence, 1);
  }

  clone(): ClientOperations {
    const copy = new ClientOperations();
    copy.modes = this.modes.clone();
    copy.unknown = this.unknown.clone();
    copy.firstApplied = this.firstApplied.clone();
    copy.answered = this.answered.clone();
    return copy;
  }
}

/** The operations of all clients, by process. */
export class Operations {
  private readonly clients: (ClientOperations | undefined)[] = [];

  /** The client's operations, once it has invoked this one; undefined for what no client asked for. */
  of(client: ProcessId, sequence: number): ClientOperations | undefined {
    const operations = this.clients[client];
    return operations?.isInvoked(sequence) === true ? operations : undefined;
  }

  record(event: HistoryEvent): void {
    const { client } = event;
    while (this.clients.length <= client) this.clients.push(undefined);
    (this.clients[client] ??= new ClientOperations()).record(event);
  }

  clone(): Operations {
    const copy = new Operations();
    for (const client of this.clients) copy.clients.push(client?.clone());
    return copy;
  }
}
