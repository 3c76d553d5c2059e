/**
 * PBFT as pure state machines over the kernel's contracts: replicas, messages, settings, client driver.
 * What never lives here: the world, faults, checkers, bugs.
 */

import type { FormattedRecord, Host, ProcessId, Protocol, StateMachine } from '../../kernel/index.js';
import { PBFT_DOORWAY } from './doorway.js';
import { PBFT_ATTACK_SURFACE } from './attack-surface/index.js';
import { PbftDriver } from './driver.js';
import { PbftOperatorDriver } from './operator-driver.js';
import { IDENTITY_BYTES, IDENTITY_FILE, type IdentityRecord } from './records.js';
import { PbftReplica, type PbftReplicaClass } from './replica.js';
import { PbftMacReplica } from './macs/replica.js';
import { quorumOf } from './quorum.js';
import { parsePbftSettings, type PbftSettings } from './settings.js';
import { hashPbftMessage, pbftMessageBytes } from './wire.js';

export { PBFT_ATTACK_SURFACE } from './attack-surface/index.js';
export * from './messages.js';
export * from './configuration.js';
export * from './handover.js';
export * from './quorum.js';
export * from './records.js';
export * from './wire.js';
export { PbftReplica, type PbftReplicaClass } from './replica.js';
export { parsePbftSettings, type PbftSettings, type Proofs } from './settings.js';
export { recover, type Recovered } from './recovery.js';
export { PbftMacReplica } from './macs/replica.js';
export { HELD_PER_PRIMARY } from './held.js';
export { decideView, type Begin } from './macs/decision.js';
export * from './macs/messages.js';
export {
  macNewViewDigest,
  macViewChangeDigest,
  newKeyDigest,
  queryStableDigest,
  recoveryReplyDigest,
  replyStableDigest,
  viewChangeAckDigest,
} from './macs/wire.js';
export { WATCHDOG_TIMER } from './macs/recovery.js';
export { RecoveryRound, recoveryPoint } from './macs/recovery-round.js';
export { obligationsOf, type Obligations } from './new-view.js';
export type { PhaseMessage } from './agreement.js';
export type { DecisionCertificate, Slot } from './slot.js';
export { VIEW_TIMER } from './view-change.js';
export { Validator } from './validate.js';

/** A fresh disk says that nothing was promised on it yet. */
export function formatPbft(self: ProcessId, generation: number): readonly FormattedRecord[] {
  const record: IdentityRecord = { replica: self, generation };
  return [{ file: IDENTITY_FILE, record, bytes: IDENTITY_BYTES }];
}

/** The PBFT protocol, with the given replica classes for either kind of proofs (a bug of the zoo passes its own). */
export function pbftProtocol(
  Class: PbftReplicaClass = PbftReplica,
  MacClass: PbftReplicaClass = PbftMacReplica,
): Protocol<PbftSettings> {
  return {
    name: 'pbft',
    settings: parsePbftSettings,
    format: formatPbft,
    createReplica: (
      host: Host,
      members: readonly ProcessId[],
      service: StateMachine,
      settings: PbftSettings,
    ) => new (settings.proofs === 'macs' ? MacClass : Class)(host, members, service, settings),
    createDriver: (settings) => new PbftDriver(settings),
    createOperatorDriver: (settings) => new PbftOperatorDriver(settings),
    quorum: ({ faulty }, voters) => quorumOf(voters, faulty).strong,
    maxTimerMicros: (settings) => Math.max(settings.viewChangeMicrosMax, settings.statusMicros),
    words: { term: 'view', leader: 'primary', entry: 'request' },
    outline: (replica, into) => (replica as PbftReplica).outline(into),
    votes: ['ViewChange', 'MacViewChange', 'ViewChangeAck'],
    hashMessage: hashPbftMessage,
    messageBytes: pbftMessageBytes,
    doorway: PBFT_DOORWAY,
    attackSurface: PBFT_ATTACK_SURFACE,
  };
}
