/** What runs inside a scenario: a protocol and the service that it replicates. */

import {
  UsageError,
  suggestion,
  type AuthenticationFactory,
  type Protocol,
  type StateMachine,
} from '../kernel/index.js';
import { pbftProtocol } from '../protocols/pbft/index.js';
import { raftProtocol } from '../protocols/raft/index.js';
import type { Scenario } from '../scenario/index.js';
import {
  createConfiguredService,
  createWorkload,
  type ClientProcess,
  type ClientWorkload,
  type WorkloadConfig,
} from '../services/index.js';
import { findBug } from '../zoo/index.js';
import type { DoorRules } from './doorkeeper.js';

export interface Implementation {
  readonly protocol: Protocol;
  createService(): StateMachine;
  /** What clients do; absent: what those of the scenario's service do. */
  createWorkload?(config: WorkloadConfig): ClientWorkload;
  /** Id of the zoo bug, when it is one. */
  readonly bug: string | undefined;
  /** What clients are in place of the correct class: one of a zoo bug. */
  readonly Client?: typeof ClientProcess | undefined;
  /** What servers' doors go by in place of the correct classes: those of a zoo bug. */
  readonly door?: Pick<DoorRules, 'Admission' | 'Authority'> | undefined;
  /** Real cryptography, for scenarios that ask for it. It comes from outside: no room of the simulation has any. */
  readonly authentication?: AuthenticationFactory | undefined;
}

const BUILT_IN: Readonly<Record<string, () => Protocol>> = {
  raft: () => raftProtocol(),
  pbft: () => pbftProtocol(),
};

/** The correct implementation that a scenario names. Modules are loaded elsewhere and passed in. */
export function builtInImplementation(scenario: Scenario): Implementation {
  const build = BUILT_IN[scenario.protocol.name];
  if (build === undefined) {
    const { name } = scenario.protocol;
    const known = Object.keys(BUILT_IN);
    throw new UsageError(
      'unknown-protocol',
      `protocol.name: unknown protocol '${name}', expected one of ${known.join(', ')}`,
      suggestion(name, known),
    );
  }
  const { service } = scenario;
  return { protocol: build(), createService: () => createConfiguredService(service), bug: undefined };
}

/** A bug of the zoo in place of the correct code; throws UsageError when it does not fit the scenario. */
export function buggyImplementation(scenario: Scenario, id: string): Implementation {
  const bug = findBug(id);
  if (bug.protocol !== scenario.protocol.name) {
    throw new UsageError(
      'bug-of-other-protocol',
      `bug ${bug.id} is one of ${bug.protocol}, but scenario ${scenario.name} runs ${scenario.protocol.name}`,
    );
  }
  const correct = builtInImplementation(scenario);
  // A swarm may draw a service that the mistake is not in: then everything is right.
  if (bug.service !== undefined && bug.service !== scenario.service.name) return { ...correct, bug: bug.id };
  return {
    protocol: bug.createProtocol?.() ?? correct.protocol,
    createService: () => bug.createService?.(scenario.service) ?? correct.createService(),
    Client: bug.Client,
    door: bug.door,
    createWorkload: (config) =>
      bug.createWorkload?.(scenario.service, config) ?? createWorkload(scenario.service, config),
    bug: bug.id,
  };
}
