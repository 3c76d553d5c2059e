/**
 * Reads the resolved scenario of a trace's header. A trace comes from a file that anybody may have
 * changed, so everything that the simulator relies on is checked again: kinds, bounds and that processes
 * exist. Limits are those of scenarios as people write them.
 */

import { MOMENT_NAMES, type Aim } from '../faults/index.js';
import type { FaultAction, FaultPlan, RandomFault, ScheduledFault, Selector } from '../faults/index.js';
import { MAX_DURATION_MICROS, type Distribution } from '../kernel/index.js';
import type { Bounds, Expectation, FailureModel, Scenario } from '../scenario/index.js';
import { findService, serviceNames } from '../services/index.js';
import type { Objectives, ServiceConfig, SessionLimits } from '../services/index.js';
import type {
  ClockConfig,
  DiskConfig,
  LinkConfig,
  LinkOverride,
  Location,
  NetworkConfig,
  ProcessConfig,
  Topology,
} from '../world/index.js';
import { byzantineShape } from './trace-byzantine.js';
import { admissionShape, authorityShape } from './trace-door.js';
import { MOST_VERSIONS, operatorShape } from './trace-operator.js';
import { workloadShape } from './trace-workload.js';
import {
  Mismatch,
  asRecord,
  flag,
  integer,
  list,
  listOrNone,
  maybe,
  object,
  orElse,
  plainMap,
  tagged,
  text,
  where,
  word,
  type Fields,
  type Shape,
} from './shape.js';
import { MOST_CLIENTS, micros, name, positiveMicros, ratio } from './trace-values.js';

const MOST_SERVERS = 64;
const MOST_FAULTS = 1000;
/** Links of a cluster, each way, in groups. */
const MOST_OVERRIDES = 4000;
const LARGEST_SIZE = 1024 * 1024 * 1024 * 1024;

const size = integer(0, LARGEST_SIZE);
const level = word('region', 'zone', 'rack');

const distribution: Shape<Distribution> = where(
  tagged<Distribution, 'kind'>('kind', {
    constant: { micros },
    uniform: { minMicros: micros, maxMicros: micros },
    'long-tail': { minMicros: micros, medianMicros: micros, maxMicros: micros },
  }),
  isAscending,
  'a distribution with its lower end first',
);

function isAscending(given: Distribution): boolean {
  switch (given.kind) {
    case 'constant':
      return true;
    case 'uniform':
      return given.minMicros <= given.maxMicros;
    case 'long-tail':
      return given.minMicros <= given.medianMicros && given.medianMicros <= given.maxMicros;
  }
}

const link = object<LinkConfig>({
  delay: distribution,
  loss: ratio,
  duplicate: ratio,
  corrupt: ratio,
  bandwidthBytesPerSecond: size,
  queueBytes: size,
  ordered: flag,
});

/** Reads a resolved scenario; throws Mismatch. */
export const readScenario: Shape<Scenario> = (value) => {
  const scenario = asRecord(value);
  const servers = inside('cluster', scenario['cluster'], 'nodes', integer(1, MOST_SERVERS));
  const clients = inside('workload', scenario['workload'], 'clients', integer(0, MOST_CLIENTS));
  const service = inside('service', scenario['service'], 'name', word(...serviceNames));
  return scenarioShape(servers, servers + clients, service)(scenario);
};

/** One field of a part, ahead of the rest: what else is right depends on it. */
function inside<T>(part: string, value: unknown, field: string, shape: Shape<T>): T {
  try {
    return shape(asRecord(value)[field]);
  } catch (error) {
    if (!(error instanceof Mismatch)) throw error;
    throw (value !== null && typeof value === 'object' ? error.within(field) : error).within(part);
  }
}

function scenarioShape(servers: number, processes: number, service: string): Shape<Scenario> {
  const process = integer(0, processes - 1);
  return object<Omit<Scenario, 'swarm'>>({
    name,
    title: text(500),
    description: text(10_000),
    protocol: object<Scenario['protocol']>({ name, module: maybe(text(4096)), settings: plainMap }),
    cluster: object<Scenario['cluster']>({
      nodes: integer(1, MOST_SERVERS),
      members: integer(1, servers),
      version: maybe(integer(1, MOST_VERSIONS)),
      topology: topologyShape(processes),
    }),
    model: object<FailureModel>({
      crash: flag,
      network: flag,
      disk: word('none', 'detectable', 'amnesia'),
      clock: flag,
      byzantine: integer(0, MOST_SERVERS),
    }),
    service: object<ServiceConfig>({
      name,
      sessions: object<SessionLimits>({
        maxClients: integer(1, 1_000_000),
        window: integer(1, 100_000),
        timeoutMicros: micros,
      }),
      shadow: maybe(name),
      settings: maybe(plainMap),
    }),
    workload: workloadShape(findService(service)),
    network: object<NetworkConfig>({
      link,
      overrides: list(
        object<LinkOverride>({ from: list(process, processes), to: list(process, processes), link }),
        MOST_OVERRIDES,
      ),
    }),
    disk: object<DiskConfig>({ syncLatency: distribution, capacityBytes: size }),
    clock: object<ClockConfig>({ maxOffsetMicros: micros, maxDriftPpm: integer(0, 100_000) }),
    process: object<ProcessConfig>({
      serviceMicros: micros,
      inboxLimit: integer(1, 10_000_000),
      restartAfterHaltMicros: micros,
    }),
    authentication: orElse(word('ideal', 'real'), 'ideal'),
    admission: admissionShape,
    authority: authorityShape(processes),
    faults: faultsShape(servers, processes),
    operator: maybe(operatorShape(servers)),
    expect: object<Expectation>({
      outcome: word('passed', 'violated'),
      invariant: maybe(name),
      progressWithinMicros: maybe(positiveMicros),
      stableLeader: flag,
      transfersSucceed: maybe(flag),
      slo: maybe(
        object<Objectives>({
          'snapshot-install-p99': maybe(positiveMicros),
          'recovery-p99': maybe(positiveMicros),
          'latency-p99': maybe(positiveMicros),
        }),
      ),
    }),
    bounds: object<Bounds>({
      healAtMicros: micros,
      heal: word('all', 'core'),
      stopClientsAtMicros: micros,
      endMicros: positiveMicros,
      patienceMicros: maybe(positiveMicros),
      maxEvents: integer(1, 1_000_000_000),
    }),
  });
}

function topologyShape(processes: number): Shape<Topology> {
  return object<Topology>({
    locations: where(
      list(object<Location>({ region: name, zone: name, rack: name }), processes),
      (locations) => locations.length === processes || locations.length === 0,
      `a location for each of ${processes} processes, or none`,
    ),
    delays: list(
      object<Topology['delays'][number]>({ from: name, to: name, extraMicros: micros }),
      MOST_FAULTS,
    ),
  });
}

function faultsShape(servers: number, processes: number): Shape<FaultPlan> {
  const action = actionShape(servers, processes);
  return object<FaultPlan>({
    schedule: list(
      object<ScheduledFault>({ id: name, atMicros: micros, forMicros: maybe(positiveMicros), action }),
      MOST_FAULTS,
    ),
    random: list(
      where(
        object<RandomFault>({
          id: name,
          aim: maybe(
            where(
              object<Aim>({ moment: word(...MOMENT_NAMES), least: integer(1), most: integer(1) }),
              ({ least, most }) => least <= most,
              'the lower end first',
            ),
          ),
          everyMinMicros: micros,
          everyMaxMicros: micros,
          forMinMicros: micros,
          forMaxMicros: micros,
          action,
        }),
        (fault) =>
          (fault.aim !== undefined) === (fault.everyMinMicros === 0) &&
          fault.everyMinMicros <= fault.everyMaxMicros &&
          fault.forMinMicros <= fault.forMaxMicros,
        'a random fault with the lower ends of its ranges first',
      ),
      MOST_FAULTS,
    ),
    byzantine: listOrNone(byzantineShape(servers, processes)),
    damagedDiskBudget: integer(0, MOST_SERVERS),
  });
}

function selectorShape(servers: number, processes: number): Shape<Selector> {
  return tagged<Selector, 'kind'>('kind', {
    nodes: { nodes: list(integer(0, processes - 1), processes) },
    there: {},
    leader: {},
    followers: {},
    random: { count: integer(1, servers) },
    'random-follower': {},
    minority: {},
    all: {},
    domain: { level, name },
    'random-domain': { level },
  });
}

function actionShape(servers: number, processes: number): Shape<FaultAction> {
  const anybody = selectorShape(servers, processes);
  const onServers = { on: selectorShape(servers, servers) };
  return tagged<FaultAction, 'do'>('do', {
    crash: onServers,
    restart: onServers,
    pause: onServers,
    resume: onServers,
    'slow-cpu': { ...onServers, serviceMicros: micros },
    partition: { groups: list(anybody, MOST_SERVERS) },
    'random-partition': {},
    isolate: { on: anybody, direction: word('both', 'inbound', 'outbound') },
    bridge: { bridge: anybody },
    'majority-ring': {},
    flap: { on: anybody, upMicros: micros, downMicros: micros },
    degrade: { from: anybody, to: anybody, link },
    heal: {},
    'slow-disk': { ...onServers, factor: integer(1, 100_000) },
    'full-disk': onServers,
    'fail-sync': onServers,
    'bit-rot': onServers,
    'lose-disk': onServers,
    'lost-write': onServers,
    'lying-sync': onServers,
    rollback: onServers,
    wipe: onServers,
    'clock-jump': { ...onServers, byMicros: integer(-MAX_DURATION_MICROS, MAX_DURATION_MICROS) },
    'clock-drift': { ...onServers, ppm: integer(-100_000, 100_000) },
  } satisfies { readonly [K in FaultAction['do']]: Fields<Omit<Extract<FaultAction, { do: K }>, 'do'>> });
}
