/** The clients' history can be explained by one order of operations that respects real time. */

import type { Plain } from '../../kernel/index.js';
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
import type { ClientHistory, ClientOperation } from './client-history.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';
import { agreedOrderExplains } from './log-witness.js';

export const LINEARIZABILITY: InvariantInfo = {
  id: 'any/linearizability',
  title: 'Clients see one copy of the data: every operation seems to happen at one instant.',
  statement:
    'At the end of a run, per key: there is a legal sequential order of the operations answered ok and of some of unknown outcome, in which an operation that ended before another began comes first. Operations that failed for certain are left out; one of unknown outcome may take effect at any time after its invocation, or never. A history too hard to decide within the bound of steps is counted as unjudged, not as a violation.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: 'Herlihy and Wing, "Linearizability: A Correctness Condition for Concurrent Objects" (1990), §2',
};

export class Linearizability extends GhostChecker<RunGhost> {
  override readonly info = LINEARIZABILITY;
  /** Histories that the bound of steps left undecided. */
  unjudged = 0;

  constructor(
    ghost: RunGhost,
    sink: ViolationSink,
    private readonly maxSteps: number | undefined,
  ) {
    super(ghost, sink);
  }

  onEnd(): void {
    const { history, order, servers } = this.ghost;
    const operations = linearizableOperations(history);
    if (agreedOrderExplains(order, history, operations)) return;
    const options = this.maxSteps === undefined ? {} : { maxSteps: this.maxSteps };
    const result = checkLinearizability(kvModel(), operations, options);
    if (result.verdict === 'linearizable') return;
    if (result.verdict === 'unknown') {
      this.unjudged++;
      return;
    }
    const id = result.failingPrefix?.operation;
    const last = id === undefined ? undefined : history.operation(id);
    const who =
      last === undefined ? '' : ` (operation ${last.sequence} of ${processName(last.client, servers)})`;
    this.violate(result.message + who);
  }
}

/** The operations that the checker has to explain. */
export function linearizableOperations(history: ClientHistory): HistoryOperation<KvInput, KvOutput>[] {
  const operations: HistoryOperation<KvInput, KvOutput>[] = [];
  for (let id = 0; id < history.size; id++) {
    const operation = history.operation(id);
    if (hadNoEffect(operation)) continue;
    const output = knownOutput(operation);
    operations.push({
      id,
      process: operation.client,
      input: operation.input as unknown as KvInput,
      output,
      call: operation.callPosition,
      return: output === undefined ? Infinity : operation.returnPosition,
    });
  }
  return operations;
}

/** Refused, or answered with an error that says it changed nothing. */
function hadNoEffect(operation: ClientOperation): boolean {
  if (operation.outcome === 'fail') return true;
  const error = operation.outcome === 'ok' ? errorOf(operation.output) : undefined;
  return error !== undefined && error !== SESSION_EXPIRED;
}

function knownOutput(operation: ClientOperation): KvOutput | undefined {
  if (operation.outcome !== 'ok' || errorOf(operation.output) !== undefined) return undefined;
  return operation.output as unknown as KvOutput;
}

/** The one error after which the operation may still have happened, long ago. */
const SESSION_EXPIRED = 'session-expired';

function errorOf(output: Plain): string | undefined {
  if (output === null || typeof output !== 'object') return undefined;
  const { error } = output as { readonly error?: Plain };
  return typeof error === 'string' ? error : undefined;
}
