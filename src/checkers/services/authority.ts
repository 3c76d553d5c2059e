/** Nothing is done that nobody was allowed to ask for. */

import type { HistoryEvent, Micros, Plain, ProcessId } from '../../kernel/index.js';
import { purposeOf, type Capability } from '../../services/index.js';
import type { AppliedPlace } from '../any/agreed-order.js';
import { errorOf } from '../any/client-history.js';
import type { RunGhost } from '../any/ghost.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';
import { processName } from '../names.js';
import { SequenceMap } from '../sequence-map.js';
import type { ServiceJudge } from './judge.js';

export const AUTHORITY: InvariantInfo = {
  id: 'any/authority',
  title: 'What no capability covers is neither ordered nor answered.',
  statement:
    "Whenever a command of a client is first applied anywhere, or an operation of a client is answered ok and not with an error, at time t, some capability of the client's covers the operation, begins at t or before, and had not ended when the operation was invoked. (What was let in in time may be applied later.) A command of a client that never invoked it is held against t alone. Holds for scenarios that say who may ask for what, as long as no server lies.",
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: 'The failure model that the scenario declares, without liars',
  source:
    'Miller, Yee and Shapiro, "Capability Myths Demolished" (2003); Saltzer and Schroeder, "The Protection of Information in Computer Systems" (1975), complete mediation',
};

export class AuthorityJudge implements ServiceJudge {
  /** Per client, by sequence: when an operation that is open, or of unknown outcome, was invoked. */
  private readonly open: SequenceMap<Micros>[] = [];

  constructor(
    private readonly ghost: RunGhost,
    private readonly sink: ViolationSink,
    private readonly capabilities: readonly Capability[],
  ) {}

  onPlace({ index, command }: AppliedPlace): void {
    if (command === undefined || command.client < this.ghost.servers) return;
    const { client, sequence, input } = command;
    // What was answered has been judged.
    const invokedAt = this.operationsOf(client).get(sequence);
    if (invokedAt === undefined && this.ghost.history.knows(client, sequence)) return;
    this.judge(client, sequence, input, invokedAt, `applied at index ${index}`);
  }

  onHistory({ kind, client, sequence, input, output, time }: HistoryEvent): void {
    const operations = this.operationsOf(client);
    if (kind === 'invoke') {
      operations.set(sequence, time);
      return;
    }
    const invokedAt = operations.get(sequence);
    if (kind !== 'unknown') operations.delete(sequence);
    if (kind === 'ok' && errorOf(output) === undefined)
      this.judge(client, sequence, input, invokedAt, 'answered');
  }

  onEnd(): void {
    // All is judged as it comes.
  }

  clone(ghost: RunGhost, sink: ViolationSink): AuthorityJudge {
    const copy = new AuthorityJudge(ghost, sink, this.capabilities);
    for (const operations of this.open) copy.open.push(operations.clone());
    return copy;
  }

  private judge(
    client: ProcessId,
    sequence: number,
    input: Plain,
    invokedAt: Micros | undefined,
    what: string,
  ): void {
    const now = this.ghost.context.now();
    const purpose = purposeOf(input);
    const begun = invokedAt ?? now;
    const isCovered = this.capabilities.some(
      ({ holders, purposes, fromMicros, untilMicros }) =>
        holders.includes(client) &&
        (purposes === undefined || purposes.includes(purpose)) &&
        fromMicros <= now &&
        (untilMicros === undefined || begun < untilMicros),
    );
    if (isCovered) return;
    const who = `operation ${sequence} of ${processName(client, this.ghost.servers)}`;
    this.sink.report(AUTHORITY.id, `${who}, ${purpose}, was ${what}, though no capability covers it`);
  }

  private operationsOf(client: ProcessId): SequenceMap<Micros> {
    const number = client - this.ghost.servers;
    while (this.open.length <= number) this.open.push(new SequenceMap());
    return this.open[number] as SequenceMap<Micros>;
  }
}
