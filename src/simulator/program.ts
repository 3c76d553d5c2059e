/**
 * What runs in a scenario, checked and ready: the protocol with its settings read once, and everything that
 * follows from the two. Shared by all processes of a run and by its forks.
 */

import { FORMATTING_VERBS, actionsOf } from '../faults/index.js';
import {
  UsageError,
  formatMicros,
  type AuthenticationFactory,
  type ProcessId,
  type Protocol,
  type StateMachine,
} from '../kernel/index.js';
import { processCounts, type Scenario } from '../scenario/index.js';
import {
  cohortsOf,
  createWorkload,
  findService,
  type ClientProcess,
  type ClientWorkload,
  type WorkloadConfig,
} from '../services/index.js';
import { idealAuthentication, type ProcessConfig } from '../world/index.js';
import { requireAttackable } from './attackable.js';
import { clusterShape } from './cluster-shape.js';
import { Doorkeeper, type DoorRules } from './doorkeeper.js';
import type { Implementation } from './implementation.js';

export interface Program {
  readonly protocol: Protocol;
  /** As the protocol itself read them. */
  readonly settings: unknown;
  /** Every server of the cluster. */
  readonly servers: readonly ProcessId[];
  /** Those that take part from the beginning; the others are spare. */
  readonly members: readonly ProcessId[];
  /** Of the protocol, that every server speaks at first. */
  readonly version: number;
  readonly process: ProcessConfig;
  /** Makes the keys of a run. */
  readonly authentication: AuthenticationFactory;
  /** Id of the zoo bug, when it is one. */
  readonly bug: string | undefined;
  createService(): StateMachine;
  /** What clients are; undefined: the correct class. */
  readonly Client: typeof ClientProcess | undefined;
  /** A doorkeeper for one server; undefined where everything is let in. */
  readonly createDoor: (() => Doorkeeper) | undefined;
  createWorkload(config: WorkloadConfig): ClientWorkload;
  /** How many of so many voters are enough to go on. */
  quorumOf(voters: number): number;
}

/** Throws UsageError when scenario and implementation do not fit. */
export function prepareProgram(scenario: Scenario, implementation: Implementation): Program {
  const { protocol, bug } = implementation;
  const { members, nodes } = scenario.cluster;
  const settings = protocol.settings(scenario.protocol.settings, clusterShape(scenario));
  findService(scenario.service.name).checkSettings(scenario.service.settings ?? {});
  requireFeasiblePromise(scenario, protocol, settings);
  requireFormat(scenario, protocol);
  requireOperable(scenario, protocol);
  requireAttackable(scenario, protocol.name, protocol.attackSurface);
  return {
    protocol,
    settings,
    servers: Array.from({ length: nodes }, (_, server) => server),
    members: Array.from({ length: members }, (_, server) => server),
    version: initialVersion(scenario, protocol),
    process: scenario.process,
    authentication: authenticationOf(scenario, implementation),
    bug,
    createService: () => implementation.createService(),
    Client: implementation.Client,
    createDoor: doorOf(scenario, implementation),
    createWorkload: (config) =>
      implementation.createWorkload?.(config) ?? createWorkload(scenario.service, config),
    quorumOf: (voters) => protocol.quorum?.(settings, voters) ?? Math.floor(voters / 2) + 1,
  };
}

/** Throws UsageError where nobody can stand at the doors of the protocol's servers. */
function doorOf(scenario: Scenario, { protocol, door }: Implementation): (() => Doorkeeper) | undefined {
  const { admission, authority, workload, cluster, operator } = scenario;
  if (admission === undefined && authority === undefined) return undefined;
  const { doorway } = protocol;
  if (doorway === undefined) {
    const key = admission === undefined ? 'authority' : 'admission';
    throw new UsageError(
      'no-doorway',
      `${key}: expected a protocol that says what its messages ask for, got ${protocol.name}, which has no doorway`,
      "one that speaks ClientRequest and ClientReply has REQUEST_REPLY_DOORWAY of 'faultline/protocol'",
    );
  }
  const optional = new Set<ProcessId>();
  let client = cluster.nodes;
  for (const { workload: group } of cohortsOf(workload)) {
    for (let i = 0; i < group.clients; i++, client++) if (group.priority === 'optional') optional.add(client);
  }
  const rules: DoorRules = {
    doorway,
    admission,
    authority,
    firstClient: cluster.nodes,
    operator: operator === undefined ? -1 : processCounts(scenario).firstTwin - 1,
    optional,
    ...door,
  };
  return () => new Doorkeeper(rules);
}

/** The scenario decides: real cryptography that nobody asks for is left alone. */
function authenticationOf(scenario: Scenario, { authentication }: Implementation): AuthenticationFactory {
  if (scenario.authentication === 'ideal') return idealAuthentication;
  if (authentication !== undefined) return authentication;
  throw new UsageError(
    'no-real-authentication',
    `${scenario.name}: authentication: real: expected real cryptography to be passed in, got none`,
    'await loadAuthentication(), and pass { authentication }; or say authentication: ideal',
  );
}

/** Versions of a protocol that says nothing of them. */
const ONE_VERSION = { lowest: 1, highest: 1 };

/** The versions that servers of a protocol may run. */
export function versionsOf(protocol: Protocol): NonNullable<Protocol['versions']> {
  return protocol.versions ?? ONE_VERSION;
}

function initialVersion({ cluster }: Scenario, protocol: Protocol): number {
  const { version = versionsOf(protocol).highest } = cluster;
  requireVersion('cluster.version', version, protocol);
  return version;
}

function requireVersion(path: string, version: number, protocol: Protocol): void {
  const { lowest, highest } = versionsOf(protocol);
  if (version >= lowest && version <= highest) return;
  const known = lowest === highest ? `${lowest}, the only version` : `a version from ${lowest} to ${highest}`;
  throw new UsageError('unknown-version', `${path}: expected ${known} of ${protocol.name}, got ${version}`);
}

/** The operator knows of no versions but the protocol's own, and formats disks only where they are formatted. */
function requireOperable({ operator }: Scenario, protocol: Protocol): void {
  if (operator === undefined) return;
  for (const { path, action } of actionsOf(operator)) {
    if (action.do === 'activate-version')
      requireVersion(`operator.${path}.version`, action.version, protocol);
    if ('to' in action && typeof action.to === 'number')
      requireVersion(`operator.${path}.to`, action.to, protocol);
    if (FORMATTING_VERBS.has(action.do) && protocol.format === undefined)
      throw noFormat(`operator.${path}`, action.do, protocol);
  }
}

/** A blank disk is a new server's to a protocol that formats none: losing one would be amnesia. */
function requireFormat({ faults }: Scenario, protocol: Protocol): void {
  if (protocol.format !== undefined) return;
  const lost = [...faults.schedule, ...faults.random].find(({ action }) => action.do === 'lose-disk');
  if (lost === undefined) return;
  throw noFormat(`faults.${lost.id}`, 'lose-disk', protocol);
}

function noFormat(path: string, verb: string, { name }: Protocol): UsageError {
  return new UsageError(
    'no-formatted-disks',
    `${path}: expected a protocol that formats its disks for '${verb}', got ${name}, which does not`,
    "'wipe' empties the disk of any protocol; it takes model.disk: amnesia",
  );
}

/** Timers of the protocol that must be able to run out, one after another, before progress is due. */
const TIMERS_BEFORE_PROGRESS = 4;

/** Refuses a promise of progress that comes sooner than the protocol's own timers allow. */
function requireFeasiblePromise(scenario: Scenario, protocol: Protocol, settings: unknown): void {
  const { progressWithinMicros } = scenario.expect;
  if (progressWithinMicros === undefined) return;
  const least = protocol.maxTimerMicros(settings) * TIMERS_BEFORE_PROGRESS;
  if (progressWithinMicros >= least) return;
  throw new UsageError(
    'infeasible-promise',
    `expect.progress-within: expected at least ${formatMicros(least)}, ${TIMERS_BEFORE_PROGRESS} times the largest timer of ${protocol.name}, got ${formatMicros(progressWithinMicros)}`,
  );
}
