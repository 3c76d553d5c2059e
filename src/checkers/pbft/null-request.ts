/** The null request changes nothing. */

import type { ProcessId } from '../../kernel/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const NULL_REQUEST = pbftSafety(
  'null-request',
  'The null request changes nothing.',
  "When a replica executes a null request, the digest of its service is what it was before. Judged from a replica's second execution in an incarnation on, and not across a state that came from elsewhere.",
  '§4.4, "its execution is a no-op"',
);

export class NullRequest extends PbftChecker {
  override readonly info = NULL_REQUEST;

  /** Before the ghost takes it in. */
  onNullApplied(process: ProcessId, replica: ReplicaGhost, index: number, digest: number): void {
    if (!replica.hasServiceDigest || replica.serviceDigest === digest) return;
    this.violate(`${this.ghost.name(process)} changed its state by the null request at place ${index}`);
  }
}
