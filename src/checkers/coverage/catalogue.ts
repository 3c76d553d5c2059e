/** Every situation there is, and the recognisers of a protocol. */

import { CLIENT_SITUATIONS, Clients } from './clients.js';
import { CONFIGURATION_SITUATIONS, Configurations } from './configurations.js';
import { ELECTION_SITUATIONS, Elections } from './elections.js';
import { LOG_SITUATIONS, Logs } from './logs.js';
import { PBFT_SITUATIONS, createPbftRecognisers } from './pbft/index.js';
import { REACHED_SITUATIONS, Reached } from './reached.js';
import { READ_SITUATIONS, Reads } from './reads.js';
import type { Recogniser } from './recogniser.js';
import { RESTART_SITUATIONS, Restarts } from './restarts.js';
import type { Situation, Tally } from './situation.js';
import { SNAPSHOT_SITUATIONS, Snapshots } from './snapshots.js';
import { VERSION_SITUATIONS, Versions } from './versions.js';
import type { ClusterView } from './view.js';

/** All situations: first those of any protocol, then protocol by protocol: by topic, at the end what only replicas see. */
export const SITUATIONS: readonly Situation[] = [
  ...CLIENT_SITUATIONS,
  ...ELECTION_SITUATIONS,
  ...LOG_SITUATIONS,
  ...RESTART_SITUATIONS,
  ...SNAPSHOT_SITUATIONS,
  ...CONFIGURATION_SITUATIONS,
  ...READ_SITUATIONS,
  ...VERSION_SITUATIONS,
  ...REACHED_SITUATIONS,
  ...PBFT_SITUATIONS,
];

export function createRecognisers(protocol: string, view: ClusterView, tally: Tally): Recogniser[] {
  const any = [new Clients(view, tally), new Reached(view, tally)];
  if (protocol === 'pbft') return [...any, ...createPbftRecognisers(view, tally)];
  if (protocol !== 'raft') return any;
  return [
    ...any,
    new Elections(view, tally),
    new Logs(view, tally),
    new Restarts(view, tally),
    new Snapshots(view, tally),
    new Configurations(view, tally),
    new Reads(view, tally),
    new Versions(view, tally),
  ];
}
