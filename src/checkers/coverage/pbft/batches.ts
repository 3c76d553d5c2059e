/** Rare situations of agreement and execution: Castro and Liskov, OSDI 1999, §4.2; thesis (2001), §5.2. */

import type { Message, ProcessId, ProtocolEvent } from '../../../kernel/index.js';
import { IntColumn } from '../../columns.js';
import { Recogniser } from '../recogniser.js';
import { outside, type Situation, type Tally } from '../situation.js';
import type { ClusterView } from '../view.js';
import type { SeenPrePrepare, SeenReply, SeenRequest } from './messages.js';

const pbft = (id: string, title: string, criterion: string): Situation =>
  outside(id, title, criterion, 'pbft');

export const FULL_BATCH = pbft(
  'several-requests-in-a-batch',
  'A primary ordered several requests as one batch.',
  'A PRE-PREPARE of at least two requests is sent; once for each place and view.',
);
export const ABOVE_CHECKPOINTS = pbft(
  'proposed-far-ahead',
  'A primary proposed batches far ahead of what another replica had executed.',
  'A PRE-PREPARE is sent to a replica that has executed at least 16 batches fewer.',
);
export const NULL_EXECUTED = pbft(
  'null-request-executed',
  'A replica executed the null request.',
  'A batch is executed whose digest is that of the null request.',
);
export const DECIDED_IN_TWO_VIEWS = pbft(
  'decided-in-two-views',
  'One batch was committed in one view, and again in a later one.',
  'A replica executes a batch as one of another view than the replica that executed it first.',
);
export const EXECUTED_BETWEEN_VIEWS = pbft(
  'executed-between-views',
  'A replica executed a batch of a view that it had left.',
  'A replica executes a batch of an earlier view than the one that it waits for, or is in.',
);
export const DECISION_PASSED_ON = pbft(
  'decision-passed-on',
  'A replica that was behind was sent a decision, with its proof.',
  'A DECISION is sent.',
);
export const BATCH_FETCHED = pbft(
  'missing-batch-fetched',
  'A replica fetched a batch of which it knew only the digest.',
  'A BATCH-DATA is sent.',
);
export const REQUEST_PASSED_ON = pbft(
  'request-passed-on',
  "A backup passed a client's request on to the primary.",
  'A replica sends a request to another one.',
);
export const ANSWERED_AGAIN = pbft(
  'answered-from-cache',
  'A replica answered a request again without executing it again.',
  'A replica sends a REPLY to an operation that it has sent one to before, in the same incarnation.',
);
export const QUORUM_DOWN = pbft(
  'no-quorum-up',
  'So many replicas were down that nothing could be decided.',
  'A replica crashes or halts, and fewer than a quorum are up. (A quorum as it is for as many faulty ones as the cluster can bear.)',
);

export const BATCH_SITUATIONS = [
  FULL_BATCH,
  ABOVE_CHECKPOINTS,
  NULL_EXECUTED,
  DECIDED_IN_TWO_VIEWS,
  EXECUTED_BETWEEN_VIEWS,
  DECISION_PASSED_ON,
  BATCH_FETCHED,
  REQUEST_PASSED_ON,
  ANSWERED_AGAIN,
  QUORUM_DOWN,
];

/** Batches by which a replica is far behind. */
const FAR = 16;

export class Batches extends Recogniser {
  /** By sequence: the view in which it was first executed, plus 1. */
  private decidedIn = new IntColumn();
  /** By replica: the last batch that it has executed. */
  private executed: number[] = this.view.servers.map(() => 0);
  /** The place and view of the PRE-PREPARE that was counted last. */
  private countedSequence = 0;
  private countedView = -1;
  /** By replica and client: the last operation that was answered. */
  private answered: Map<ProcessId, number>[] = this.view.servers.map(() => new Map<ProcessId, number>());

  override onSend(from: ProcessId, to: ProcessId, message: Message): void {
    if (from >= this.executed.length) return;
    switch (message.kind) {
      case 'PrePrepare':
        this.proposes(to, message as SeenPrePrepare);
        return;
      case 'Decision':
        this.reach(DECISION_PASSED_ON);
        return;
      case 'BatchData':
        this.reach(BATCH_FETCHED);
        return;
      case 'Request':
        if (to < this.executed.length && (message as SeenRequest).command !== undefined) {
          this.reach(REQUEST_PASSED_ON);
        }
        return;
      case 'Reply':
        this.answers(from, to, message as SeenReply);
        return;
      default:
        return;
    }
  }

  private proposes(to: ProcessId, { view, sequence, requests = [] }: SeenPrePrepare): void {
    if (sequence - (this.executed[to] ?? sequence) > FAR) this.reach(ABOVE_CHECKPOINTS);
    if (requests.length < 2 || (view === this.countedView && sequence <= this.countedSequence)) return;
    this.countedView = view;
    this.countedSequence = sequence;
    this.reach(FULL_BATCH);
  }

  /** Operations of a client that are under way at once are near each other: the highest one tells enough. */
  private answers(from: ProcessId, to: ProcessId, { sequence }: SeenReply): void {
    const answered = this.answered[from];
    if (answered === undefined) return;
    if (answered.get(to) === sequence) this.reach(ANSWERED_AGAIN);
    else if (sequence > (answered.get(to) ?? 0)) answered.set(to, sequence);
  }

  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    if (event.kind !== 'batch-executed') return;
    const { sequence, term, hash } = event;
    this.executed[process] = sequence;
    if (hash === 0) this.reach(NULL_EXECUTED);
    const first = this.decidedIn.get(sequence);
    if (first === 0) this.decidedIn.set(sequence, term + 1);
    else if (first !== term + 1) this.reach(DECIDED_IN_TWO_VIEWS);
    if (term < (this.view.server(process)?.term ?? 0)) this.reach(EXECUTED_BETWEEN_VIEWS);
  }

  override onCrash(process: ProcessId): void {
    this.answered[process]?.clear();
    const { servers } = this.view;
    const up = servers.filter(({ isUp }, other) => isUp && other !== process).length;
    const faulty = Math.floor((servers.length - 1) / 3);
    if (up < Math.ceil((servers.length + faulty + 1) / 2)) this.reach(QUORUM_DOWN);
  }

  override clone(view: ClusterView, tally: Tally): Batches {
    const copy = new Batches(view, tally);
    copy.decidedIn = this.decidedIn.clone();
    copy.executed = this.executed.slice();
    copy.countedSequence = this.countedSequence;
    copy.countedView = this.countedView;
    copy.answered = this.answered.map((answered) => new Map(answered));
    return copy;
  }
}
