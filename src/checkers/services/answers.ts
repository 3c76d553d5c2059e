/** Every answer is the one that the service's own specification gives at the operation's place of the order. */

import { canonical, type Command, type HistoryEvent, type Plain } from '../../kernel/index.js';
import type { AppliedPlace } from '../any/agreed-order.js';
import { errorOf } from '../any/client-history.js';
import { DECLARED_MODEL, type RunGhost } from '../any/ghost.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';
import { processName } from '../names.js';
import { SequenceMap } from '../sequence-map.js';
import type { ServiceJudge } from './judge.js';

export const SERVICE_ANSWERS: InvariantInfo = {
  id: 'any/service-answers',
  title: "Every answer follows from the agreed order by the service's sequential specification.",
  statement:
    'Let the specification of the service be executed along the agreed order, each command at its first place and none that its session refuses. Then every operation with a place of its own in the order that is answered ok, and not with an error, was executed there, and is answered what the specification answers. Since a place is given after the invocation and known before the answer, this proves the history linearizable, over all objects of the service at once. Reads that are answered aside of the log have no place, and are not judged here. For services that have such a specification: bank, and the transactions of the key-value store.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source:
    'Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects" (1990), §2; Schneider, "Implementing fault-tolerant services using the state machine approach" (1990), §3',
};

/** A sequential specification, written apart from the service: they check each other. */
export interface Specification {
  /** Executes a command; undefined for one that it says nothing about. */
  apply(command: Command): Plain | undefined;
  clone(): Specification;
}

/** An operation that is open: what it must be answered, once that is known, or what it was answered before. */
interface Expected {
  readonly text: string | undefined;
  readonly answer: string | undefined;
}

const NOTHING_KNOWN: Expected = Object.freeze({ text: undefined, answer: undefined });

/** A command that its session refuses is answered with an error, which is not judged here. */
const NOT_EXECUTED: Plain = { error: 'not executed' };

export class ServiceAnswers implements ServiceJudge {
  /** Per client, by sequence: operations that are open, or answered before their place is known. */
  private readonly open: SequenceMap<Expected>[] = [];

  constructor(
    private readonly ghost: RunGhost,
    private readonly sink: ViolationSink,
    private readonly specification: Specification,
  ) {}

  onPlace({ command }: AppliedPlace, hasEffect: boolean): void {
    if (command === undefined) return;
    const { client, sequence } = command;
    // What is ordered again was judged at its first place.
    if (!hasEffect && this.ghost.order.indexOf(client, sequence) > 0) return;
    const answer = hasEffect ? this.specification.apply(command) : NOT_EXECUTED;
    const expected = this.open[client - this.ghost.servers]?.get(sequence);
    if (expected === undefined || expected.text !== undefined) return;
    if (answer === undefined) {
      // Nothing to wait for; and a copy of it may be ordered when the order has forgotten its first place.
      this.operationsOf(client).delete(sequence);
      return;
    }
    const known: Expected = { text: canonical(answer), answer: expected.answer };
    if (known.answer !== undefined) this.judge(client, sequence, known);
    else this.operationsOf(client).set(sequence, known);
  }

  onHistory(event: HistoryEvent): void {
    const { kind, client, sequence } = event;
    const operations = this.operationsOf(client);
    if (kind === 'invoke') {
      operations.set(sequence, NOTHING_KNOWN);
      return;
    }
    const expected = operations.get(sequence);
    if (expected === undefined) return;
    if (kind !== 'ok' || errorOf(event.output) !== undefined || this.isAside(event, expected)) {
      operations.delete(sequence);
      return;
    }
    const answered: Expected = { text: expected.text, answer: canonical(event.output) };
    // A protocol that answers before it applies for good is judged when it does.
    if (answered.text !== undefined) this.judge(client, sequence, answered);
    else operations.set(sequence, answered);
  }

  onEnd(): void {
    // What was answered and never applied is any/acknowledged-durability's.
  }

  clone(ghost: RunGhost, sink: ViolationSink): ServiceAnswers {
    const copy = new ServiceAnswers(ghost, sink, this.specification.clone());
    for (const operations of this.open) copy.open.push(operations.clone());
    return copy;
  }

  /**
   * A read without a place of its own, as far as anybody knows; or one that was ordered as well, and is answered where
   * its answer says.
   */
  private isAside(event: HistoryEvent, { text }: Expected): boolean {
    const { client, sequence, read, index } = event;
    if (read === undefined || read === 'log') return false;
    return text === undefined || (index > 0 && index !== this.ghost.order.indexOf(client, sequence));
  }

  private judge(client: number, sequence: number, { text, answer }: Expected): void {
    this.operationsOf(client).delete(sequence);
    if (text === answer) return;
    this.sink.report(
      SERVICE_ANSWERS.id,
      `operation ${sequence} of ${processName(client, this.ghost.servers)} was answered ${answer ?? ''}, but by the agreed order the answer is ${text ?? ''}`,
    );
  }

  private operationsOf(client: number): SequenceMap<Expected> {
    const number = client - this.ghost.servers;
    while (this.open.length <= number) this.open.push(new SequenceMap());
    return this.open[number] as SequenceMap<Expected>;
  }
}
