/**
 * Our own clients' history as the judges of streams want it: what operations of the service mean to logs, to groups
 * and to leases. The judge of logs is the one that recorded histories go through (checkers/history).
 *
 * What is known of a partition is forgotten together with what the partition itself forgets.
 */

import type { HistoryEvent, Plain } from '../../../kernel/index.js';
import {
  deadLettersOf,
  JOBS,
  MADE_OF,
  type ConsumedTo,
  type Delivery,
  type EndTransaction,
  type Fetch,
  type Join,
  type SentMessage,
  type Settle,
  type StoredMessage,
  type StreamOperation,
  type StreamSettings,
} from '../../../services/index.js';
import { StreamJudge, type StreamListener } from '../../history/stream-judge.js';
import type { SentLabels } from '../../history/stream-log.js';
import { processName } from '../../names.js';
import { GroupJudge } from './group-judge.js';
import { LeaseJudge, type Asked, type LeaseListener } from './lease-judge.js';

/** Is told what is wrong. */
export interface StreamHistoryListener extends StreamListener, LeaseListener {
  commits(message: string): void;
}

/** Messages that are under way to one partition: sent, or staged in a transaction. */
interface Batch {
  readonly log: string;
  readonly messages: readonly SentMessage[];
}

/** A transaction and its batches by step; steps that send nothing have none. */
interface Staged {
  readonly transaction: string;
  readonly batches: readonly Batch[];
}

type Answer = Readonly<Record<string, Plain | undefined>>;

/** Operations are told apart by their client and its sequence, in one number. */
const CLIENTS = 4096;

export function operationNumber({ client, sequence }: Pick<HistoryEvent, 'client' | 'sequence'>): number {
  return sequence * CLIENTS + client;
}

/** E.g. `operation 12 of c5`. */
export function operationName(number: number, servers: number): string {
  return `operation ${Math.floor(number / CLIENTS)} of ${processName(number % CLIENTS, servers)}`;
}

export class StreamHistory {
  /** Of the event that is told. */
  private position = 0;
  private readonly logs: StreamJudge;
  private readonly groups: GroupJudge;
  private readonly leases: LeaseJudge;
  /** By client: where the partition ended, as acknowledged, when it asked for messages. */
  private readonly floors = new Map<number, number>();
  /** By client: what was known of leases when it asked. */
  private readonly asked = new Map<number, Asked>();
  /** By producer: what its latest transaction has staged. */
  private readonly staged: Map<string, Staged>;
  private readonly dead = deadLettersOf(JOBS);

  constructor(
    private readonly listener: StreamHistoryListener,
    private readonly settings: StreamSettings,
    original?: StreamHistory,
  ) {
    const { delivery, maxDeliveries, compact, retainMessages, retainMicros } = settings;
    const mayFallBehind = retainMessages > 0 || retainMicros > 0;
    const mayRepeat = delivery === 'at-least-once';
    const skipsNoInput = delivery !== 'at-most-once' && !compact;
    const found = (message: string): void => {
      listener.commits(message);
    };
    this.logs = original?.logs.clone(listener) ?? new StreamJudge(listener, { mayRepeat, skipsNoInput });
    this.groups = original?.groups.clone(found) ?? new GroupJudge(mayFallBehind, found);
    this.leases =
      original?.leases.clone(listener) ?? new LeaseJudge({ topic: JOBS, maxDeliveries, mayRepeat }, listener);
    this.staged = new Map(original?.staged ?? []);
    if (original === undefined) return;
    this.position = original.position;
    for (const [client, floor] of original.floors) this.floors.set(client, floor);
    for (const [client, asked] of original.asked) this.asked.set(client, asked);
  }

  tell(event: HistoryEvent): void {
    this.position++;
    const operation = event.input as unknown as StreamOperation;
    if (event.kind === 'invoke') this.begins(event, operation);
    else this.ended(event, operation);
  }

  end(): void {
    this.logs.end();
  }

  clone(listener: StreamHistoryListener): StreamHistory {
    return new StreamHistory(listener, this.settings, this);
  }

  private begins(event: HistoryEvent, operation: StreamOperation): void {
    const { client } = event;
    switch (operation.op) {
      case 'send':
        this.beginBatch(event, batchOf(operation), operation.producer, operation.epoch);
        return;
      case 'stage': {
        const { producer, epoch, step } = operation;
        const batch = batchOf(operation);
        const transaction = transactionOf(operation);
        const before = this.staged.get(producer);
        const batches = before?.transaction === transaction ? before.batches.slice() : [];
        if (batches[step] !== undefined) return; // the same step again
        batches[step] = batch;
        this.staged.set(producer, { transaction, batches });
        this.beginBatch(event, batch, producer, epoch);
        return;
      }
      case 'fetch':
        this.floors.set(client, this.logs.log(logOf(operation)).acknowledgedEnd);
        this.asked.set(client, this.leases.asked(this.position));
        return;
      case 'join':
        this.groups.joinBegins(client);
        return;
      case 'receive':
        this.asked.set(client, this.leases.asked(this.position));
        return;
      case 'acknowledge':
        this.asked.set(client, this.leases.asked(this.position));
        this.leases.tries(operation.leases);
        return;
      default:
    }
  }

  private ended(event: HistoryEvent, operation: StreamOperation): void {
    const answer = (event.kind === 'ok' ? event.output : {}) as Answer;
    const isDone = event.kind === 'ok' && answer['error'] === undefined;
    switch (operation.op) {
      case 'send':
        this.endBatch(event, batchOf(operation), isDone ? (answer['offset'] as number) : undefined);
        return;
      case 'commit-transaction':
      case 'abort-transaction':
        this.endTransaction(event, operation, answer);
        return;
      case 'join':
        if (isDone) this.joined(event, operation, answer);
        return;
      case 'commit-offsets':
        if (isDone) this.groups.committedTo(operation);
        return;
      case 'fetch':
        this.fetched(event, operation, answer);
        return;
      case 'receive':
        if (isDone) this.received(event, answer);
        return;
      case 'acknowledge':
        if (isDone) this.acknowledged(event, operation, answer);
        return;
      default:
    }
  }

  private beginBatch(
    event: HistoryEvent,
    { log, messages }: Batch,
    producer: string | undefined,
    epoch: number | undefined,
  ): void {
    const by = operationNumber(event);
    const common: SentLabels = { producer, epoch: epoch ?? 0, from: undefined, key: undefined };
    for (const [key, text] of messages) {
      const mark = text.indexOf(MADE_OF);
      const from = mark < 0 ? undefined : text.slice(mark + 1);
      const compacted = this.settings.compact && key !== null ? key : undefined;
      const isPlain = from === undefined && compacted === undefined;
      this.logs.sendBegins(by, log, text, isPlain ? common : { ...common, from, key: compacted });
    }
  }

  /** `offset`: that of the first message, where the log took them. */
  private endBatch(event: HistoryEvent, { log, messages }: Batch, offset: number | undefined): void {
    const by = operationNumber(event);
    const { error } = (event.output ?? {}) as Answer;
    const isUnknown = event.kind === 'unknown' || error === 'forgotten-sequence';
    messages.forEach(([, text], i) => {
      if (offset !== undefined) {
        this.logs.sendSucceeds(by, event.client, log, text, offset + i, i > 0);
        this.placedJob(log, offset + i, text);
      } else if (isUnknown) this.logs.sendUnknown(log, text);
      else this.logs.sendFails(log, text);
    });
  }

  private endTransaction(event: HistoryEvent, operation: EndTransaction, answer: Answer): void {
    const offsets = answer['offsets'] as readonly number[] | undefined;
    const { error } = answer;
    // Whether one that is fenced off had been committed before is known to nobody here.
    const isOver =
      offsets !== undefined || answer['aborted'] === true || LOST_GROUP.includes(error as string);
    if (event.kind !== 'ok' || !isOver) return;
    const staged = this.staged.get(operation.producer);
    if (staged?.transaction !== transactionOf(operation)) return;
    this.staged.delete(operation.producer);
    // Steps that send nothing are holes, which filter leaves out.
    const batches = staged.batches.filter(() => true);
    batches.forEach((batch, i) => {
      this.endBatch(event, batch, offsets?.[i]);
    });
  }

  private joined(event: HistoryEvent, operation: Join, answer: Answer): void {
    const who = this.who(event);
    this.logs.startsAnew(event.client);
    const assignment = answer['assignment'] as unknown as readonly ConsumedTo[];
    this.groups.joined(event.client, operation, who, assignment);
  }

  private fetched(event: HistoryEvent, operation: Fetch, answer: Answer): void {
    const log = logOf(operation);
    const { client } = event;
    const start = answer['start'] as number | undefined;
    if (start === undefined) return;
    this.logs.begins(log, start);
    if (answer['error'] !== undefined) {
      this.logs.startsAnew(client, log);
      return;
    }
    const messages = answer['messages'] as unknown as readonly StoredMessage[];
    const next = answer['next'] as number;
    const end = answer['end'] as number;
    if (operation.topic === this.dead) {
      for (const [offset, , text] of messages) this.leases.deadLetter(operation.partition, offset, text);
      this.leases.deadCovered(operation.partition, operation.offset, next, end, this.askedBy(client));
      return;
    }
    const by = operationNumber(event);
    messages.forEach(([offset, , text], i) => {
      this.logs.polled(by, client, log, offset, text, i > 0);
      this.placedJob(log, offset, text);
    });
    this.logs.covered(log, operation.offset, next);
    this.logs.ends(by, log, end, this.floors.get(client) ?? 0);
    if (operation.group !== undefined) this.groups.polledTo(operation.group, log, next);
  }

  private received(event: HistoryEvent, answer: Answer): void {
    const deliveries = answer['deliveries'] as unknown as readonly Delivery[];
    const done = answer['done'] as readonly number[];
    this.leases.received(deliveries, done, this.who(event), this.askedBy(event.client), this.position);
  }

  private acknowledged(event: HistoryEvent, _operation: Settle, answer: Answer): void {
    const settled = answer['settled'] as readonly number[];
    this.leases.acknowledged(settled, this.who(event), this.askedBy(event.client), this.position);
  }

  private placedJob(log: string, offset: number, text: string): void {
    if (log.startsWith(JOBS_PREFIX)) this.leases.placed(Number(log.slice(JOBS_PREFIX.length)), offset, text);
  }

  private askedBy(client: number): Asked {
    return this.asked.get(client) ?? { at: 0, done: [] };
  }

  private who(event: HistoryEvent): string {
    return this.listener.name(operationNumber(event));
  }
}

const JOBS_PREFIX = `${JOBS}.`;

/** Refusals of a commit by which the transaction is aborted. */
const LOST_GROUP: readonly string[] = ['stale-generation', 'unknown-member'];

function logOf({ topic, partition }: { readonly topic: string; readonly partition: number }): string {
  return `${topic}.${partition}`;
}

function batchOf(operation: { topic: string; partition: number; messages: readonly SentMessage[] }): Batch {
  return { log: logOf(operation), messages: operation.messages };
}

function transactionOf(step: { producer: string; epoch: number; transaction: number }): string {
  return `${step.producer} ${step.epoch} ${step.transaction}`;
}
