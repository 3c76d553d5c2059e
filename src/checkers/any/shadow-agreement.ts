/** A candidate that runs in the shadow of the service answers as the service does. */

import type { ProcessId } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';

export const SHADOW_AGREEMENT: InvariantInfo = {
  id: 'any/shadow-agreement',
  title: 'A shadow of the service answers every command as the service does.',
  statement:
    'If the scenario names a shadow: on every server, for every command that is applied and every read that is served without being ordered, the answer of the shadow equals that of the service, and the shadow never throws. Judged at every shadow-diverged event, with which a server reports the first difference after the next command that it applies.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'McKeeman, "Differential Testing for Software" (1998)',
};

export class ShadowAgreement extends GhostChecker<RunGhost> {
  override readonly info = SHADOW_AGREEMENT;

  onDiverged(server: ProcessId, index: number, text: string): void {
    this.violate(`on ${processName(server, this.ghost.servers)}, by index ${index}: ${text}`);
  }
}
