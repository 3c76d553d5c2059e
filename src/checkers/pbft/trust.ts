/** Who has lost what it had promised says nothing that binds, and nobody says so without a reason. */

import type { ProcessId } from '../../kernel/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

const PROACTIVE_RECOVERY =
  '§4.4; "Practical Byzantine Fault Tolerance and Proactive Recovery", TOCS 2002, §4, of replicas that recover';

export const FORGETFUL_SILENT = pbftSafety(
  'forgetful-silent',
  'A replica that has lost what it had promised says nothing that binds before it has recovered.',
  'A replica that has started without trust in its disk, and has not regained it since, sends no PRE-PREPARE, PREPARE, COMMIT or VIEW-CHANGE. Judged at every send.',
  PROACTIVE_RECOVERY,
);

export const DISTRUST_HAS_CAUSE = pbftSafety(
  'distrust-has-cause',
  'A replica that does not trust its disk, or refuses to run on it, has a reason to.',
  'When a replica starts without trust in its disk, or refuses to run, then since it last trusted it, or, where it has regained trust since, from its last start on, records that were durable have been damaged or lost, or the disk was formatted anew; or its disk says that a recovery is not over; or it has been faulty. A torn tail that was never synced is no reason. (Liveness excuses those who distrust their disks: without this, too many might.) What is damaged while it recovers it does not know of, and regaining trust does not mend all of it. Judged at every such start.',
  PROACTIVE_RECOVERY,
);

export class ForgetfulSilent extends PbftChecker {
  override readonly info = FORGETFUL_SILENT;

  onSent(process: ProcessId, { isTrusted }: ReplicaGhost, kind: string): void {
    if (isTrusted) return;
    this.violate(
      `${this.ghost.name(process)} sent a ${kind}, although it has lost what it had promised and has not recovered`,
    );
  }
}

export class DistrustHasCause extends PbftChecker {
  override readonly info = DISTRUST_HAS_CAUSE;

  onDistrust(process: ProcessId, { hasLost, disk }: ReplicaGhost, what: string): void {
    if (hasLost || disk.isRecovering || this.ghost.hasBeenFaulty(process)) return;
    this.violate(`${this.ghost.name(process)} ${what}, though nothing that was durable on its disk was lost`);
  }
}
