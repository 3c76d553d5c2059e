/**
 * A resolved scenario back as text: what `faultline show` prints. Every default is written out, and
 * loading the text gives an equal scenario. Also the JSON Schema of the form, for editors.
 */

import { Document, isMap, isScalar, isSeq, visit } from 'yaml';
import { z } from 'zod';

import { formatDuration } from '../kernel/index.js';
import { OBJECTIVE_NAMES, type Objectives } from '../services/objectives.js';
import type { ServiceConfig } from '../services/service-config.js';
import { byzantineYaml } from './describe-byzantine.js';
import { distributionYaml, faultsYaml, limitYaml, networkYaml, topologyYaml } from './describe-faults.js';
import { admissionYaml, authorityYaml } from './resolve-door.js';
import { operatorYaml } from './describe-operator.js';
import { workloadYaml } from './describe-workload.js';
import { swarmYaml } from './describe-swarm.js';
import { Roster } from './resolve-topology.js';
import { scenarioSchema } from './schema.js';
import type { Scenario } from './types.js';

const LINE_WIDTH = 110;

/** The whole scenario as YAML. */
export function toYaml(scenario: Scenario): string {
  const document = new Document(scenarioYaml(scenario), { schema: 'core', aliasDuplicateObjects: false });
  for (const { key } of isMap(document.contents) ? document.contents.items : []) {
    if (isScalar(key)) key.spaceBefore = SPACED.has(String(key.value));
  }
  visit(document, {
    // Settings are the protocol's own: they stay as they are.
    Pair: (_, { key, value }) => {
      if (!isScalar(key)) return undefined;
      if (key.value === 'mix' && isMap(value)) value.flow = true;
      return key.value === 'settings' ? visit.SKIP : undefined;
    },
    // One line for what is read at a glance: a fault, a link, a list of names.
    Collection: (key, node) => {
      const holdsMaps = isSeq(node) && node.items.some((item) => isMap(item));
      const isItem = typeof key === 'number' && isMap(node);
      const isSmall = isMap(node) && FLOW_MAPS.has(firstKey(node));
      if (isItem || isSmall || (isSeq(node) && !holdsMaps)) node.flow = true;
    },
  });
  return document.toString({ lineWidth: LINE_WIDTH, flowCollectionPadding: true });
}

const SPACED: ReadonlySet<string> = new Set([
  'protocol',
  'cluster',
  'workload',
  'network',
  'disk',
  'faults',
  'operator',
  'expect',
]);
/** Small maps, told by their first key: distributions, weights. */
const FLOW_MAPS: ReadonlySet<string> = new Set(['constant', 'uniform', 'long-tail', 'log', 'max-clients']);

function firstKey(node: { readonly items: readonly { readonly key: unknown }[] }): string {
  const key = node.items[0]?.key;
  return isScalar(key) ? String(key.value) : '';
}

/** The YAML form of a resolved scenario as a value. */
export function scenarioYaml(scenario: Scenario): Readonly<Record<string, unknown>> {
  // Defaults that are written out would hold against what is drawn.
  if (scenario.swarm !== undefined) return { ...scenario.swarm.form, swarm: swarmYaml(scenario.swarm.axes) };
  const { cluster, disk, clock, process, expect, bounds } = scenario;
  const roster = new Roster(cluster.nodes, scenario.workload.clients);
  return {
    name: scenario.name,
    title: scenario.title,
    description: scenario.description,
    protocol: protocolYaml(scenario.protocol),
    cluster: {
      nodes: cluster.nodes,
      members: cluster.members,
      ...(cluster.version === undefined ? {} : { version: cluster.version }),
      topology: topologyYaml(cluster.topology, roster),
    },
    model: scenario.model,
    service: serviceYaml(scenario.service),
    workload: workloadYaml(scenario.workload),
    network: networkYaml(scenario.network, roster),
    disk: { 'sync-latency': distributionYaml(disk.syncLatency), capacity: limitYaml(disk.capacityBytes) },
    clock: { 'max-offset': formatDuration(clock.maxOffsetMicros), 'max-drift': `${clock.maxDriftPpm}ppm` },
    process: {
      service: formatDuration(process.serviceMicros),
      inbox: process.inboxLimit,
      'restart-after-halt': durationOrWord(process.restartAfterHaltMicros, 'never'),
    },
    authentication: scenario.authentication,
    ...(scenario.admission === undefined ? {} : { admission: admissionYaml(scenario.admission) }),
    ...(scenario.authority === undefined ? {} : { authority: authorityYaml(scenario.authority, roster) }),
    faults: {
      ...faultsYaml(scenario.faults, roster),
      ...(scenario.faults.byzantine.length === 0
        ? {}
        : { byzantine: byzantineYaml(scenario.faults.byzantine, roster) }),
    },
    ...(scenario.operator === undefined ? {} : { operator: operatorYaml(scenario.operator, roster) }),
    expect: {
      outcome: expect.outcome,
      ...(expect.invariant === undefined ? {} : { invariant: expect.invariant }),
      'progress-within': durationOrWord(expect.progressWithinMicros ?? 0, 'none'),
      'stable-leader': expect.stableLeader,
      'transfers-succeed': expect.transfersSucceed ?? false,
      ...(expect.slo === undefined ? {} : { slo: objectivesYaml(expect.slo) }),
    },
    bounds: {
      'heal-at': formatDuration(bounds.healAtMicros),
      heal: bounds.heal,
      'stop-clients-at': formatDuration(bounds.stopClientsAtMicros),
      end: formatDuration(bounds.endMicros),
      ...(bounds.patienceMicros === undefined ? {} : { patience: formatDuration(bounds.patienceMicros) }),
      'max-events': bounds.maxEvents,
    },
  };
}

function protocolYaml(protocol: Scenario['protocol']): Readonly<Record<string, unknown>> {
  const { name, module, settings } = protocol;
  return module === undefined ? { name, settings } : { name, module, settings };
}

/** Targets that are set. */
function objectivesYaml(objectives: Objectives): Readonly<Record<string, string>> {
  const texts: Record<string, string> = {};
  for (const name of OBJECTIVE_NAMES) {
    const micros = objectives[name];
    if (micros !== undefined) texts[name] = formatDuration(micros);
  }
  return texts;
}

function durationOrWord(micros: number, word: string): string {
  return micros === 0 ? word : formatDuration(micros);
}

function serviceYaml({ name, settings, sessions, shadow }: ServiceConfig): Readonly<Record<string, unknown>> {
  const { maxClients, window, timeoutMicros } = sessions;
  return {
    name,
    ...(settings === undefined ? {} : { settings }),
    sessions: { 'max-clients': maxClients, window, timeout: durationOrWord(timeoutMicros, 'never') },
    ...(shadow === undefined ? {} : { shadow }),
  };
}

/** The JSON Schema (draft 2020-12) of the YAML form, defaults included. */
export function jsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-2020-12' });
  return { title: 'Faultline scenario', ...schema };
}
