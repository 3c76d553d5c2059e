/** What a Raft replica's outline says of its roles and slow procedures; the replica itself fills in the rest. */

import type { Role } from './core.js';

const ROLES: Readonly<Record<Role, number>> = { follower: 0, 'pre-candidate': 1, candidate: 2, leader: 3 };
/** Added to the role of a server that has given its vote of this term away. */
const HAS_VOTED = 4;

export function outlineRole(role: Role, votedFor: number): number {
  return ROLES[role] + (votedFor >= 0 ? HAS_VOTED : 0);
}

export interface Procedures {
  /** The configuration that it acts by has two sets of voters. */
  readonly isJoint: boolean;
  readonly isConfigurationOpen: boolean;
  readonly isSnapshotOpen: boolean;
  readonly distrustsDisk: boolean;
}

export function outlinePhase(procedures: Procedures): number {
  const { isJoint, isConfigurationOpen, isSnapshotOpen, distrustsDisk } = procedures;
  return (
    (isJoint ? 1 : 0) + (isConfigurationOpen ? 2 : 0) + (isSnapshotOpen ? 4 : 0) + (distrustsDisk ? 8 : 0)
  );
}
