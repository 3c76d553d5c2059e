/**
 * From the YAML form, read and well-formed, to the scenario that everything inward reads: names become
 * numbers, defaults that depend on other values are filled in, and what has the right form but makes no
 * sense (an end before the beginning, a fault that never strikes) is refused.
 */

import { deepFreeze, formatDuration } from '../kernel/index.js';
import type { Micros } from '../kernel/index.js';
import { OBJECTIVE_NAMES, type Objectives } from '../services/objectives.js';
import { findService } from '../services/registry.js';
import type { ServiceConfig } from '../services/service-config.js';
import type { LinkConfig, NetworkConfig, Topology } from '../world/config.js';
import { impossible, inOrder } from './problems.js';
import { resolveAdmission, resolveAuthority } from './resolve-door.js';
import { overlayLink, resolveFaults } from './resolve-faults.js';
import { resolveOperator } from './resolve-operator.js';
import { Roster, resolveGroup, resolveTopology } from './resolve-topology.js';
import { resolveWorkload, totalClients } from './resolve-workload.js';
import { MAX_LINKS } from './schema-world.js';
import type { ScenarioForm } from './schema.js';
import type { Bounds, Expectation, Scenario } from './types.js';

/** What the form itself does not say. */
export interface ResolveContext {
  /** The scenario's name when it gives itself none. */
  readonly name: string;
  /** Where a module lies, given what the scenario says. */
  readonly locateModule: (specifier: string) => string;
}

const DEFAULT_PROGRESS: Micros = 5_000_000;

/** Throws ProblemFound. The result is frozen through and through. */
export function resolveForm(form: ScenarioForm, context: ResolveContext): Scenario {
  if (form.extends !== undefined)
    impossible(['extends'], 'a file to extend another; here, merge the values', undefined);
  const roster = new Roster(form.cluster.nodes, totalClients(form.workload));
  const topology = resolveTopology(form.cluster.topology, roster, ['cluster', 'topology']);
  const network = resolveNetwork(form.network, roster, topology);
  const members = resolveMembers(form.cluster, roster.servers);
  const bounds = resolveBounds(form);
  const faults = resolveFaults(form.faults, {
    roster,
    members,
    topology,
    link: network.link,
    healAtMicros: bounds.healAtMicros,
    byzantine: form.model.byzantine,
  });
  const workload = resolveWorkload(form.workload, findService(form.service.name));
  const { 'restart-after-halt': restart } = form.process;
  const scenario: Scenario = {
    name: form.name ?? context.name,
    title: form.title,
    description: form.description,
    protocol: resolveProtocol(form.protocol, context),
    cluster: { nodes: roster.servers, members, version: form.cluster.version, topology },
    model: resolveModel(form.model, roster.servers),
    service: resolveService(form.service),
    workload,
    network,
    disk: { syncLatency: form.disk['sync-latency'], capacityBytes: form.disk.capacity },
    clock: { maxOffsetMicros: form.clock['max-offset'], maxDriftPpm: form.clock['max-drift'] },
    process: {
      serviceMicros: form.process.service,
      inboxLimit: form.process.inbox,
      restartAfterHaltMicros: restart === 'never' ? 0 : restart,
    },
    authentication: form.authentication,
    admission: resolveAdmission(form.admission),
    authority: resolveAuthority(form.authority, workload, roster),
    faults,
    operator:
      form.operator === undefined ? undefined : resolveOperator(form.operator, roster, bounds.healAtMicros),
    expect: resolveExpectation(form.expect, bounds),
    bounds,
  };
  return deepFreeze(scenario);
}

function resolveProtocol(form: ScenarioForm['protocol'], context: ResolveContext): Scenario['protocol'] {
  const { name, module, settings } = form;
  if (module === undefined) {
    if (name === undefined)
      impossible(['protocol'], 'the name of a protocol such as raft, or a module', 'neither');
    return { name, module: undefined, settings };
  }
  return {
    name: name ?? fileStem(module.slice(0, module.lastIndexOf('#'))),
    module: context.locateModule(module),
    settings,
  };
}

/** A file's name without folders and ending, made a word. */
export function fileStem(path: string): string {
  const file = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  const stem = file.replace(/\.[^.]*$/, '').toLowerCase();
  const word = stem.replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+|-+$/g, '');
  return word === '' ? 'unnamed' : word.slice(0, 40).replace(/-+$/, '');
}

function resolveService({ name, settings, sessions, shadow }: ScenarioForm['service']): ServiceConfig {
  const { 'max-clients': maxClients, window, timeout } = sessions;
  const kind = findService(name);
  kind.checkSettings(settings ?? {});
  if (shadow !== undefined && findService(shadow).history !== kind.history) {
    impossible(['service', 'shadow'], `a service that answers as ${name} does`, `'${shadow}'`);
  }
  return {
    name,
    sessions: { maxClients, window, timeoutMicros: timeout === 'never' ? 0 : timeout },
    shadow,
    settings,
  };
}

function resolveModel(form: ScenarioForm['model'], servers: number): Scenario['model'] {
  const most = Math.floor((servers - 1) / 3);
  if (form.byzantine > most) {
    impossible(
      ['model', 'byzantine'],
      `at most ${most}: tolerating f of them takes 3f + 1 nodes, and there are ${servers}`,
    );
  }
  return form;
}

function resolveMembers({ members }: ScenarioForm['cluster'], servers: number): number {
  if (members === undefined || members <= servers) return members ?? servers;
  return impossible(
    ['cluster', 'members'],
    `at most ${servers}, as many as there are nodes`,
    String(members),
  );
}

function resolveNetwork(form: ScenarioForm['network'], roster: Roster, topology: Topology): NetworkConfig {
  const link: LinkConfig = {
    delay: form.delay,
    loss: form.loss,
    duplicate: form.duplicate,
    corrupt: form.corrupt,
    bandwidthBytesPerSecond: form.bandwidth,
    queueBytes: form.queue,
    ordered: form.ordered,
  };
  const overrides = form.links.flatMap((entry, i) => {
    const path = ['network', 'links', i];
    const from = resolveGroup(entry.from, roster, topology, [...path, 'from']);
    const to = resolveGroup(entry.to, roster, topology, [...path, 'to']);
    const behaviour = overlayLink(link, entry);
    const forth = { from, to, link: behaviour };
    return entry.both ? [forth, { from: to, to: from, link: behaviour }] : [forth];
  });
  if (overrides.length > MAX_LINKS) {
    impossible(
      ['network', 'links'],
      `at most ${MAX_LINKS} links, those with both: true counted twice`,
      String(overrides.length),
    );
  }
  return { link, overrides };
}

function resolveBounds({ bounds: form, model }: ScenarioForm): Bounds {
  if (form.heal === 'core' && !(model.crash && model.network)) {
    impossible(
      ['bounds', 'heal'],
      'model.crash and model.network, which is how the others stay broken',
      "'core'",
    );
  }
  inOrder(['bounds', 'heal-at'], form['heal-at'], form['stop-clients-at'], 'bounds.stop-clients-at');
  inOrder(['bounds', 'stop-clients-at'], form['stop-clients-at'], form.end, 'bounds.end');
  return {
    healAtMicros: form['heal-at'],
    heal: form.heal,
    stopClientsAtMicros: form['stop-clients-at'],
    endMicros: form.end,
    patienceMicros: form.patience,
    maxEvents: form['max-events'],
  };
}

function resolveExpectation(form: ScenarioForm['expect'], bounds: Bounds): Expectation {
  const { outcome, invariant, 'progress-within': within } = form;
  if (invariant !== undefined && outcome !== 'violated') {
    impossible(
      ['expect', 'invariant'],
      "expect.outcome to be 'violated' when an invariant is named",
      `'${outcome}'`,
    );
  }
  const window = bounds.endMicros - bounds.healAtMicros;
  if (typeof within === 'number' && within > window) {
    const got = `'${formatDuration(within)}'`;
    impossible(
      ['expect', 'progress-within'],
      `at most ${formatDuration(window)}, from bounds.heal-at to bounds.end`,
      got,
    );
  }
  const byDefault = outcome === 'violated' ? undefined : Math.min(DEFAULT_PROGRESS, window);
  const promised = within === undefined ? byDefault : within === 'none' ? undefined : within;
  const { patienceMicros } = bounds;
  if (patienceMicros !== undefined && (promised === undefined || promised === 0)) {
    impossible(
      ['bounds', 'patience'],
      'a promise to wait for, expect.progress-within',
      `'${formatDuration(patienceMicros)}'`,
    );
  }
  // No time between healing and the end: nothing can be promised.
  return {
    outcome,
    invariant,
    progressWithinMicros: promised === 0 ? undefined : promised,
    stableLeader: form['stable-leader'],
    transfersSucceed: form['transfers-succeed'],
    slo: resolveObjectives(form.slo),
  };
}

function resolveObjectives(form: ScenarioForm['expect']['slo']): Objectives | undefined {
  if (form === undefined || OBJECTIVE_NAMES.every((name) => form[name] === undefined)) return undefined;
  return {
    'snapshot-install-p99': form['snapshot-install-p99'],
    'recovery-p99': form['recovery-p99'],
    'latency-p99': form['latency-p99'],
  };
}
