/**
 * Transcripts of a recorded run: what each server has received and sent, taken from a replay. So nothing of it is
 * lost when a replica forgets what lies behind its stable checkpoint, crashes, or loses its disk.
 */

import { Checker, type CheckerContext, type InvariantInfo, type ViolationSink } from '../checkers/index.js';
import {
  DecisionIndex,
  DivergenceError,
  RecordedChoices,
  type Authenticator,
  type Message,
  type ProcessId,
} from '../kernel/index.js';
import type { Implementation } from './implementation.js';
import { EVENT_NAMES, EventKind } from './event-kinds.js';
import type { RecordedEvent, Recorder } from './recorder.js';
import { Simulation } from './simulation.js';
import { stepThrough, type Beat } from './step-through.js';
import { decisionsOf, type Trace } from './trace.js';

export interface Transcripts {
  /** By server: each message once, in the order in which it first came or went. */
  readonly messages: readonly ReadonlySet<Message>[];
  /** Keys of a process that is no server: what it verifies, everybody can. */
  readonly thirdParty: Authenticator;
  /** Servers that the run made liars. */
  readonly faulty: readonly ProcessId[];
}

/** Executes the trace again, strictly; throws DivergenceError when that comes to another run. */
export function transcriptsOf(trace: Trace, implementation: Implementation, beat?: Beat): Transcripts {
  const { header } = trace;
  const index = new DecisionIndex(decisionsOf(trace));
  const messages = Array.from({ length: header.scenario.cluster.nodes }, () => new Set<Message>());
  const simulation = Simulation.create(header.scenario, header.recipe, {
    implementation,
    recorder: new Receipts(messages),
    extraCheckers: [{ info: SENT, create: (context, sink) => new SentMessages(context, sink, messages) }],
    choices: (digest) => new RecordedChoices(index, digest),
  });
  stepThrough(simulation, () => false, beat);
  const { digest } = simulation.outcome();
  if (digest !== header.digest) {
    throw new DivergenceError(
      `the trace replays otherwise (digest ${digest}, recorded ${header.digest}): 'faultline replay' names the first difference`,
    );
  }
  // The first client: replicas make no MACs of agreement for it.
  const thirdParty = simulation.authentication.of(messages.length);
  const faulty = Array.from(messages.keys()).filter((server) => simulation.isFaulty(server));
  return { messages, thirdParty, faulty };
}

const MESSAGE = EVENT_NAMES[EventKind.message];

/** What servers received. */
class Receipts implements Recorder {
  constructor(private readonly messages: readonly Set<Message>[]) {}

  event({ kind, process, payload }: RecordedEvent): void {
    if (kind === MESSAGE) this.messages[process]?.add(payload as Message);
  }
  decision(): void {
    // A transcript is of messages alone.
  }
  protocolEvent(): void {
    // As above.
  }
  history(): void {
    // As above.
  }
  note(): void {
    // As above.
  }
  eventEnd(): void {
    // As above.
  }
}

const SENT: InvariantInfo = {
  id: 'audit/transcripts',
  title: 'Takes down what servers send.',
  statement: 'Judges nothing.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: 'any',
  source: 'none',
};

/** What servers sent. */
class SentMessages extends Checker {
  override readonly info = SENT;

  constructor(
    context: CheckerContext,
    sink: ViolationSink,
    private readonly messages: readonly Set<Message>[],
  ) {
    super(context, sink);
  }

  override onSend(from: ProcessId, _to: ProcessId, message: Message): void {
    this.messages[from]?.add(message);
  }

  override clone(context: CheckerContext, sink: ViolationSink): Checker {
    return new SentMessages(context, sink, this.messages);
  }
}
