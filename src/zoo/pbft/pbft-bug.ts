/** What every PBFT bug of the zoo is made of: a replica class with a mistake in it, and its description. */

import { PbftReplica, pbftProtocol, type PbftReplicaClass } from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';

export function pbftBug(Class: PbftReplicaClass, bug: Omit<Bug, 'protocol' | 'createProtocol'>): Bug {
  return {
    ...bug,
    protocol: 'pbft',
    createProtocol: () => pbftProtocol(Class),
  };
}

/** The same of a replica whose proofs are MACs. */
export function pbftMacBug(Class: PbftReplicaClass, bug: Omit<Bug, 'protocol' | 'createProtocol'>): Bug {
  return {
    ...bug,
    protocol: 'pbft',
    createProtocol: () => pbftProtocol(PbftReplica, Class),
  };
}
