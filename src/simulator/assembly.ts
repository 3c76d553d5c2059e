/** Builds the processes of a run, or copies those of a forked one. */

import { Family, type Micros, type OperationId, type ProcessId } from '../kernel/index.js';
import { processCounts, type Scenario } from '../scenario/index.js';
import { cohortsOf, createDirectory, type Directory } from '../services/index.js';
import { Clock, Disk, type DiskScheduler, type DiskTap } from '../world/index.js';
import { ClientEndpoint, type ClientErrand } from './client-endpoint.js';
import type { Engine } from './engine.js';
import { EventKind } from './event-kinds.js';
import { MachineRoom } from './machine-room.js';
import { OperatorEndpoint } from './operator-endpoint.js';
import { versionsOf, type Program } from './program.js';
import { Server } from './server.js';
import type { Stage } from './stage.js';

/** Brings disk completions back through the event queue; a new incarnation voids the old one's. */
class QueueScheduler implements DiskScheduler {
  server: Server | undefined = undefined;

  constructor(private readonly engine: Engine) {}

  completeAt(process: ProcessId, operation: OperationId, delayMicros: Micros): void {
    const { engine } = this;
    const incarnation = this.server?.incarnation ?? 0;
    const at = engine.now + delayMicros;
    engine.queue.push(
      at,
      EventKind.disk,
      process,
      process,
      operation,
      incarnation,
      engine.eventNumber,
      undefined,
    );
  }
}

export function assembleServers(
  engine: Engine,
  tap: DiskTap,
  scenario: Scenario,
  program: Program,
  originals: readonly Server[] | undefined,
): Server[] {
  return program.servers.map((process) =>
    assembleServer(process, process, engine, tap, scenario, program, originals?.[process]),
  );
}

/** Second processes of these addresses. */
export function assembleTwins(
  engine: Engine,
  tap: DiskTap,
  scenario: Scenario,
  program: Program,
  addresses: readonly ProcessId[],
  originals: readonly Server[] | undefined,
): Server[] {
  const { firstTwin } = processCounts(scenario);
  return addresses.map((address, i) =>
    assembleServer(address, firstTwin + i, engine, tap, scenario, program, originals?.[i]),
  );
}

function assembleServer(
  address: ProcessId,
  process: ProcessId,
  engine: Engine,
  tap: DiskTap,
  scenario: Scenario,
  program: Program,
  original: Server | undefined,
): Server {
  const scheduler = new QueueScheduler(engine);
  const server =
    original === undefined
      ? new Server(
          address,
          process,
          engine,
          program,
          new Disk(process, scenario.disk, engine.choices, scheduler, tap),
          drawClock(process, engine, scenario),
        )
      : original.clone(engine, original.disk.clone(scheduler, tap, engine.choices));
  scheduler.server = server;
  return server;
}

function drawClock(process: ProcessId, engine: Engine, scenario: Scenario): Clock {
  const { maxOffsetMicros, maxDriftPpm } = scenario.clock;
  const { choices } = engine;
  const offset = choices.integer(
    Family.process,
    process,
    'clock',
    'offset',
    -maxOffsetMicros,
    maxOffsetMicros,
    0,
  );
  const drift = choices.integer(Family.process, process, 'clock', 'drift', -maxDriftPpm, maxDriftPpm, 0);
  return new Clock(offset, drift);
}

export function assembleClients(
  engine: Engine,
  scenario: Scenario,
  program: Program,
  originals: readonly ClientEndpoint[] | undefined,
): ClientEndpoint[] {
  if (originals !== undefined) return copyClients(engine, originals);
  const { cluster, workload, bounds } = scenario;
  if (workload.clients === 0) return [];
  const { servers } = program;
  const errands = cohortsOf(workload).flatMap(({ name, workload: config }) => {
    const errand: ClientErrand = {
      servers,
      cohort: name,
      workload: program.createWorkload(config),
      stopAtMicros: bounds.stopClientsAtMicros,
      Client: program.Client,
    };
    const directory = createDirectory(config.discovery, servers);
    return Array.from({ length: config.clients }, () => ({ errand, directory }));
  });
  const { protocol, settings } = program;
  return errands.map(({ errand, directory }, i) =>
    ClientEndpoint.create(cluster.nodes + i, engine, errand, protocol.createDriver(settings), directory),
  );
}

/** Clients that share a directory share its copy. */
function copyClients(engine: Engine, originals: readonly ClientEndpoint[]): ClientEndpoint[] {
  const copies = new Map<Directory, Directory>();
  return originals.map((original) => {
    const { directory } = original;
    if (directory === undefined) return original.clone(engine, undefined);
    const copy = copies.get(directory) ?? directory.clone();
    copies.set(directory, copy);
    return original.clone(engine, copy);
  });
}

export function assembleOperator(
  stage: Stage,
  scenario: Scenario,
  { protocol, settings }: Program,
  original: OperatorEndpoint | undefined,
): OperatorEndpoint | undefined {
  const { operator, bounds } = scenario;
  if (operator === undefined) return undefined;
  const { engine } = stage;
  const machines = new MachineRoom(stage, versionsOf(protocol));
  const self = processCounts(scenario).firstTwin - 1;
  return (
    original?.clone(engine, machines) ??
    OperatorEndpoint.create(
      self,
      engine,
      machines,
      operator,
      bounds.healAtMicros,
      protocol.createOperatorDriver?.(settings),
    )
  );
}
