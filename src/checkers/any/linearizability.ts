/** The clients' history can be explained by one order of operations that respects real time. */

import type { InvariantInfo, ViolationSink } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import {
  checkLinearizability,
  kvModel,
  type HistoryOperation,
  type KvInput,
  type KvOutput,
} from '../linearizability/index.js';
import { processName } from '../names.js';
import type { ClientOperation } from './client-history.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';
import { linearizableOperation, placeOf } from './log-witness.js';

export const LINEARIZABILITY: InvariantInfo = {
  id: 'any/linearizability',
  title: 'Clients see one copy of the data: every operation seems to happen at one instant.',
  statement:
    'Per key: there is a legal sequential order of the operations answered ok and of some of unknown outcome, in which an operation that ended before another began comes first. Operations that failed for certain are left out; one of unknown outcome may take effect at any time after its invocation, or never. Reads that their client asked to be answered from one server alone (session, stale) are left out. Judged in segments and at the end: the order of what was judged before is that of the agreed order, so an answer that contradicts the settled part of the agreed order is a violation even where clients alone could not tell. A segment too hard to decide within the bound of steps, or resting on an operation that nobody knows to have happened, is counted as unjudged, not as a violation.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: 'Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects" (1990), §2',
};

type Operation = HistoryOperation<KvInput, KvOutput>;

export class Linearizability extends GhostChecker<RunGhost> {
  override readonly info = LINEARIZABILITY;

  constructor(
    ghost: RunGhost,
    sink: ViolationSink,
    private readonly maxSteps: number | undefined,
  ) {
    super(ghost, sink);
  }

  /** Explains the operations by the agreed order up to `end`, after which they can be forgotten. */
  explain(operations: Iterable<ClientOperation>, end: number): boolean {
    const { witness, order } = this.ghost;
    return witness.advance(order, operations, end);
  }

  /** Judges everything that is not explained by searching for an order, from the states that are. */
  search(): void {
    const { history, servers } = this.ghost;
    const { operations, isPartial } = judgeable(this.ghost);
    const options = this.maxSteps === undefined ? {} : { maxSteps: this.maxSteps };
    const result = checkLinearizability(kvModel(), operations, options);
    if (result.verdict === 'not-linearizable') {
      const id = result.failingPrefix?.operation;
      const last = id === undefined ? undefined : history.operation(id);
      const who =
        last === undefined ? '' : ` (operation ${last.sequence} of ${processName(last.client, servers)})`;
      this.violate(result.message + who);
    } else if (result.verdict === 'unknown' || isPartial) {
      this.ghost.unjudgedHistories++;
    }
  }
}

/** The operations that a check has to explain. */
export function linearizableOperations(operations: Iterable<ClientOperation>): Operation[] {
  const timed: Operation[] = [];
  for (const operation of operations) {
    const one = linearizableOperation(operation);
    if (one !== undefined) timed.push(one);
  }
  return timed;
}

/** Writes what a key holds at first: ended before any operation began, since positions count from 0. */
const BEFORE_ALL = { process: -1, output: { ok: true }, call: -2, return: -1 } as const;

/**
 * The operations on keys whose state at the beginning is sure, with that state written first. `isPartial` says
 * that this is not all there is to judge: some key had to be left out, or an operation belongs before the
 * beginning as far as clients can tell.
 */
function judgeable(ghost: RunGhost): {
  readonly operations: readonly Operation[];
  readonly isPartial: boolean;
} {
  const { history, witness } = ghost;
  const operations: Operation[] = [];
  const begun = new Set<string>();
  let isPartial = false;
  for (const operation of history.operations()) {
    const timed = linearizableOperation(operation);
    if (timed === undefined) continue;
    const { key } = timed.input;
    const { value, certainty } = witness.states.of(key);
    if (timed.return < witness.latestCall) isPartial = true;
    if (certainty !== 'sure') {
      isPartial = true;
      continue;
    }
    if (value !== undefined && !begun.has(key)) {
      begun.add(key);
      operations.push({ ...BEFORE_ALL, id: -begun.size, input: { op: 'put', key, value } });
    }
    const isLoose = isOutsideTheOrder(ghost, operation);
    if (isLoose) isPartial = true;
    operations.push(isLoose ? { ...timed, output: undefined, return: Infinity } : timed);
  }
  return { operations, isPartial };
}

/** Acknowledged across a cut, but not applied: nobody can tell on which side of the cut it took effect. */
function isOutsideTheOrder({ order, settledPosition }: RunGhost, operation: ClientOperation): boolean {
  if (operation.outcome !== 'ok' || operation.callPosition >= settledPosition) return false;
  return placeOf(order, operation) === 0;
}
