/** Proactive recovery: keys are new, replicas recover in turn, and each recovery comes to its end. */

import {
  formatMicros,
  type Micros,
  type Proof,
  type ProcessId,
  type ProtocolEvent,
} from '../../kernel/index.js';
import type { PreparedCertificate } from '../../protocols/pbft/index.js';
import type { LivenessTerms } from '../any/index.js';
import type { ViolationSink } from '../checker.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftLiveness, pbftSafety } from './pbft-checker.js';

type Recovery = Extract<ProtocolEvent, { readonly kind: 'proactive-recovery' }>;
type Refreshed = Extract<ProtocolEvent, { readonly kind: 'keys-refreshed' }>;

export const NEW_KEYS = pbftSafety(
  'new-keys',
  'A recovered replica has keys that nobody had before, and believes nothing that was said under older ones.',
  'When a replica begins a recovery, its number is higher than that of every earlier one; when it chooses keys, their epoch is higher than every earlier one of its own; when it completes a recovery, it has chosen keys for it. When a prepared certificate becomes durable in a record of its journal, each PREPARE in it by another was authenticated with keys that were in force after the latest change of keys before that record. (Not the PRE-PREPARE: what a replica has accepted it has promised, and new keys change nothing of that.) Judged at these events.',
  '§4.2; TOCS 2002, §4.3.1, "rejects messages that are authenticated with old keys"',
);

export const RECOVERY_IN_TURN = pbftLiveness(
  'recovery-in-turn',
  'No more than f replicas recover at a time.',
  'Let H be the time of healing and P the bound within which progress is due. After H + P, when the watchdog of a replica strikes, at most f - 1 other replicas (none where f is 0) that must have caught up at the end have begun a recovery and not completed it. Judged when a watchdog strikes.',
  'TOCS 2002, §4.2, "at most f replicas recover at the same time"',
);

export const RECOVERY_ENDS = pbftLiveness(
  'recovery-ends',
  'A recovery ends in bounded time.',
  'Let H be the time of healing and P the bound within which progress is due. A replica that must have caught up at the end and is up completes each recovery within P, counted from its beginning or from H. (It begins with the strike of the watchdog, unless a crash comes before the promise to recover is durable: that turn is lost.) Judged when one is completed, and at the end.',
  'TOCS 2002, §4.3.2, and §4.4 on the window of vulnerability',
);

export class NewKeys extends PbftChecker {
  override readonly info = NEW_KEYS;

  /** Before the ghost takes it in. */
  onBegun(process: ProcessId, { recovery }: ReplicaGhost, { number }: Recovery): void {
    if (number > recovery.number) return;
    this.violate(
      `${this.ghost.name(process)} began recovery ${number} after recovery ${recovery.number}: its number was used before`,
    );
  }

  /** Before the ghost takes it in. */
  onRefreshed(process: ProcessId, { recovery }: ReplicaGhost, { epoch }: Refreshed): void {
    if (epoch > recovery.epoch) return;
    this.violate(
      `${this.ghost.name(process)} chose keys of epoch ${epoch}, although it had had some of epoch ${recovery.epoch}`,
    );
  }

  onCompleted(process: ProcessId, { recovery }: ReplicaGhost, { number }: Recovery): void {
    if (recovery.refreshedFor >= number) return;
    this.violate(`${this.ghost.name(process)} completed recovery ${number} without new keys`);
  }

  /** A certificate that was made in this record, and not earlier. */
  onPrepared(
    process: ProcessId,
    { recovery }: ReplicaGhost,
    certificate: PreparedCertificate,
    position: number,
  ): void {
    const least = recovery.leastEpoch(position);
    if (least === 0) return;
    for (const proof of certificate.prepares) {
      if (proof.signer === process) continue;
      const epoch = epochOf(proof, process);
      if (epoch === undefined || epoch >= least) continue;
      this.violate(
        `${this.ghost.name(process)} counted a PREPARE of ${this.ghost.name(proof.signer)} for ` +
          `${this.place(certificate.view, certificate.sequence)}, made with its keys of epoch ${epoch}, although it had chosen those ` +
          `of epoch ${least}`,
      );
      return;
    }
  }
}

export class RecoveryInTurn extends PbftChecker {
  override readonly info = RECOVERY_IN_TURN;

  constructor(
    ghost: PbftGhost,
    sink: ViolationSink,
    private readonly healAtMicros: Micros,
  ) {
    super(ghost, sink);
  }

  /** Its watchdog has struck. */
  onDue(process: ProcessId): void {
    const { replicas, quorum, run } = this.ghost;
    const others = replicas.flatMap(({ recovery }, other) => {
      const counts = other !== process && recovery.since >= 0;
      return counts && run.participants.isExpected(other, this.healAtMicros) ? [this.ghost.name(other)] : [];
    });
    if (others.length < Math.max(1, quorum.f)) return;
    this.violate(
      `${this.ghost.name(process)} stops to recover while ${others.join(', ')} ${others.length === 1 ? 'recovers' : 'recover'}: ` +
        `that are more than ${quorum.f}`,
    );
  }
}

export class RecoveryEnds extends PbftChecker {
  override readonly info = RECOVERY_ENDS;

  constructor(
    ghost: PbftGhost,
    sink: ViolationSink,
    private readonly terms: LivenessTerms,
  ) {
    super(ghost, sink);
  }

  onCompleted(process: ProcessId, { recovery }: ReplicaGhost, { number }: Recovery): void {
    this.judge(process, recovery.since, `recovery ${number} of ${this.ghost.name(process)} took`);
  }

  onEnd(): void {
    const { replicas, run } = this.ghost;
    replicas.forEach(({ recovery }, process) => {
      if (this.ghost.isFaulty(process) || !run.context.isUp(process)) return;
      this.judge(process, recovery.since, `${this.ghost.name(process)} still recovers, after`);
    });
  }

  private judge(process: ProcessId, since: number, what: string): void {
    const { healAtMicros, progressWithinMicros } = this.terms;
    const { run } = this.ghost;
    if (since < 0) return;
    const took = run.context.now() - Math.max(since, healAtMicros);
    if (took <= progressWithinMicros) return;
    const { participants } = run;
    if (!participants.isExpected(process, healAtMicros) || !participants.isLegitimate()) return;
    this.violate(`${what} ${formatMicros(took)}, although nothing has failed`);
  }
}

/** Epoch of the receiver's keys with which a MAC was made, as it reads; undefined: it is none for this receiver. */
function epochOf(proof: Proof, receiver: ProcessId): number | undefined {
  const receivers = /mac>([0-9,@]*)\(/.exec(proof.encode())?.[1]?.split(',') ?? [];
  for (const each of receivers) {
    const [process, epoch = '0'] = each.split('@');
    if (Number(process) === receiver) return Number(epoch);
  }
  return undefined;
}
