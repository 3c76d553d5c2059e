/** All checkers of one run: a list of observers to feed, cloned and audited as one. */

import type { Plain, ProcessId } from '../kernel/index.js';
import type { RunCheckers } from './any/index.js';
import type { Checker, CheckerContext, InvariantInfo, Observer, ViolationSink } from './checker.js';
import {
  PbftCheckers,
  auditDisks as auditPbftDisks,
  auditReplica as auditPbftReplica,
} from './pbft/index.js';
import type { RaftCheckers } from './raft/index.js';
import { auditDisks, auditReplica } from './raft/index.js';
import { ALL_JUDGED, type Unjudged } from './unjudged.js';

/** The checkers of one protocol; they may read the ghost of the protocol-independent ones. */
export type ProtocolCheckers = RaftCheckers | PbftCheckers;

export class CheckerSet {
  /** To be fed in this order, each with every event that it has a hook for. */
  readonly observers: readonly Observer[];

  constructor(
    private readonly context: CheckerContext,
    private readonly run: RunCheckers | undefined,
    private readonly protocol: ProtocolCheckers | undefined,
    private readonly others: readonly Checker[],
    /** What is watched: the public faces. */
    readonly invariants: readonly InvariantInfo[],
  ) {
    const observers: Observer[] = [];
    // An acknowledgement must find its operation applied: the order of applications is learnt first.
    if (run !== undefined) observers.push(run);
    if (protocol !== undefined) observers.push(protocol);
    this.observers = [...observers, ...others];
  }

  /** Kind of an invariant of this set; `safety` for one that it does not know. */
  kindOf(id: string): InvariantInfo['kind'] {
    return this.invariants.find((info) => info.id === id)?.kind ?? 'safety';
  }

  /** What could not be judged so far. */
  unjudged(): Unjudged {
    return this.run?.unjudged() ?? ALL_JUDGED;
  }

  /**
   * Computes the ghosts again from the disks and, for the servers whose encoding is given, from that. Says
   * in one sentence what differs; undefined when nothing does.
   */
  audit(encodingOf?: (server: ProcessId) => Plain | undefined): string | undefined {
    const { protocol, context } = this;
    if (protocol === undefined) return undefined;
    const isPbft = protocol instanceof PbftCheckers;
    const difference = isPbft ? auditPbftDisks(protocol.ghost, context) : auditDisks(protocol.ghost, context);
    if (difference !== undefined || encodingOf === undefined) return difference;
    for (let server = 0; server < context.servers; server++) {
      const encoding = encodingOf(server) ?? null;
      const found = isPbft
        ? auditPbftReplica(protocol.ghost, server, encoding)
        : auditReplica(protocol.ghost, server, encoding);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** An independent copy for a forked simulation. */
  clone(context: CheckerContext, sink: ViolationSink): CheckerSet {
    const run = this.run?.clone(context, sink);
    const protocol = run === undefined ? undefined : this.protocol?.clone(run.ghost, sink);
    const others = this.others.map((checker) => checker.clone(context, sink));
    return new CheckerSet(context, run, protocol, others, this.invariants);
  }
}
