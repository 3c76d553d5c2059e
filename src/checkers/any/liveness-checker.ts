/** Base of the checkers of liveness: a ghost, and the time from which progress is due. */

import type { Micros } from '../../kernel/index.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import type { RunGhost } from './ghost.js';

/** When progress is due. */
export interface LivenessTerms {
  /** From here on nothing is broken that will not stay broken. */
  readonly healAtMicros: Micros;
  /** Progress is due within this long. */
  readonly progressWithinMicros: Micros;
  /** The first answer may take so much longer. Default: no longer. */
  readonly patienceMicros?: Micros | undefined;
  /** True: once that has passed, leaders stay. Default: they need not. */
  readonly stableLeader?: boolean | undefined;
  /** True: once so long has passed since the beginning, transfers reach their target. Default: they may fail. */
  readonly transfersSucceed?: boolean | undefined;
}

/** The face of a property of liveness. */
export function livenessInfo(
  id: string,
  title: string,
  statement: string,
  failureModel: string,
  source: string,
): InvariantInfo {
  return {
    id: `any/${id}`,
    title,
    statement,
    protocol: 'any',
    family: 'protocol-independent',
    kind: 'liveness',
    failureModel,
    source,
  };
}

export abstract class LivenessChecker extends GhostChecker<RunGhost> {
  constructor(
    ghost: RunGhost,
    sink: ViolationSink,
    protected readonly terms: LivenessTerms,
  ) {
    super(ghost, sink);
  }
}
