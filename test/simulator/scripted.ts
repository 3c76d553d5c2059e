/**
 * A protocol for tests of what surrounds a protocol: formatted disks, versions, operators. The server in
 * `leader` answers clients at once and keeps a membership in memory; it is no consensus of any kind. Everything
 * that it is told ends in notes.
 */

import {
  MEMBER_GENERATION,
  RequestReplyDriver,
  UsageError,
  adminReply,
  notLeaderReply,
  okReply,
  type AdminRequest,
  type ClientRequest,
  type DiskImage,
  type Host,
  type Message,
  type Plain,
  type ProcessId,
  type Protocol,
  type Replica,
  type StateMachine,
} from '../../src/kernel/index.js';
import { defineScenario, type Scenario, type ScenarioInput } from '../../src/scenario/index.js';
import { Simulation } from '../../src/simulator/index.js';
import type { Implementation } from '../../src/simulator/implementation.js';
import { TraceRecorder } from '../../src/simulator/trace-recorder.js';
import { createService } from '../../src/services/index.js';

export interface ScriptedSettings {
  readonly leader: ProcessId;
  /** Its leader answers the n-th operator's request (from 0) with the n-th of these; after the last: ok. */
  readonly answers: readonly ('ok' | 'busy' | 'refused' | 'silence')[];
  /** Programs of this version refuse to run. */
  readonly refusedVersion: number;
  /** Programs of this version answer no client. */
  readonly muteVersion: number;
}

interface Identity {
  readonly member: number;
}

class ScriptedReplica implements Replica {
  private voters: readonly number[];
  private learners: readonly number[] = [];
  private asked = 0;

  constructor(
    private readonly host: Host,
    members: readonly ProcessId[],
    private readonly service: StateMachine,
    private readonly settings: ScriptedSettings,
  ) {
    this.voters = members;
  }

  start(disk: DiskImage): void {
    const { host, settings } = this;
    const identity = disk.read('identity')[0]?.record as Identity | undefined;
    host.emit({ kind: 'note', text: `member ${identity?.member ?? 'none'}, version ${host.version}` });
    if (host.version === settings.refusedVersion) {
      host.emit({ kind: 'refused-to-run', reason: 'a bad version' });
      host.halt('a bad version');
      return;
    }
    if (identity === undefined) return;
    host.emit({ kind: 'recovered', term: 1, lastIndex: 0, trusted: true });
    if (host.self === settings.leader) {
      host.emit({ kind: 'became-leader', term: host.incarnation, lastIndex: 0 });
      this.report();
    }
  }

  receive(from: ProcessId, message: Message): void {
    const { host, settings } = this;
    if (message.kind === 'ClientRequest') {
      const { command } = message as ClientRequest;
      if (host.self !== settings.leader) host.send(from, notLeaderReply(command.sequence, settings.leader));
      else if (host.version !== settings.muteVersion)
        host.send(from, okReply(command.sequence, this.service.apply(command, 0)));
    } else if (message.kind === 'AdminRequest') {
      this.administer(from, message as AdminRequest);
    }
  }

  timerFired(): void {}

  clone(host: Host): Replica {
    const copy = new ScriptedReplica(host, [], this.service.clone(), this.settings);
    copy.voters = this.voters;
    copy.learners = this.learners;
    copy.asked = this.asked;
    return copy;
  }

  encode(): Plain {
    return { voters: this.voters, learners: this.learners, asked: this.asked };
  }

  private administer(from: ProcessId, { id, action }: AdminRequest): void {
    const { host, settings } = this;
    const { do: verb } = action as { readonly do: string };
    host.emit({ kind: 'note', text: `asked ${JSON.stringify(action)}` });
    if (verb !== 'snapshot' && host.self !== settings.leader) {
      host.send(from, adminReply(id, 'not-leader', 'not leader', settings.leader));
      return;
    }
    const answer = settings.answers[this.asked++] ?? 'ok';
    if (answer === 'silence') return;
    if (answer === 'ok') this.change(action as Readonly<Record<string, Plain>>);
    host.send(from, adminReply(id, answer, answer));
  }

  private change(action: Readonly<Record<string, Plain>>): void {
    const member = action['member'] as number;
    const without = (list: readonly number[]): number[] => list.filter((other) => other !== member);
    switch (action['do']) {
      case 'add-voter':
        this.voters = [...without(this.voters), member].sort((a, b) => a - b);
        break;
      case 'add-learner':
        this.learners = [...without(this.learners), member].sort((a, b) => a - b);
        break;
      case 'remove':
        this.voters = without(this.voters);
        this.learners = without(this.learners);
        break;
      case 'change':
        this.voters = action['voters'] as number[];
        this.learners = action['learners'] as number[];
        break;
      default:
        return;
    }
    this.report();
  }

  private report(): void {
    const { voters, learners } = this;
    const configuration = { voters, outgoing: [], learners, joining: [], autoLeave: false };
    this.host.emit({ kind: 'configuration-changed', index: this.asked, configuration });
  }
}

const DEFAULTS: ScriptedSettings = { leader: 0, answers: [], refusedVersion: 0, muteVersion: 0 };

export const scriptedProtocol: Protocol<ScriptedSettings> = {
  name: 'scripted',
  versions: { lowest: 1, highest: 3 },
  settings(raw) {
    for (const key of Object.keys(raw)) {
      if (!(key in DEFAULTS)) throw new UsageError('unknown-setting', `protocol.settings.${key}: unknown`);
    }
    return { ...DEFAULTS, ...raw };
  },
  format: (self, generation, members) => [
    { file: 'identity', record: { member: self + generation * MEMBER_GENERATION }, bytes: 40 },
    { file: 'members', record: members, bytes: 40 },
  ],
  createReplica: (host, members, service, settings) => new ScriptedReplica(host, members, service, settings),
  createDriver: () => new RequestReplyDriver(),
  maxTimerMicros: () => 1000,
};

export function scriptedImplementation(protocol: Protocol = scriptedProtocol): Implementation {
  return { protocol, createService: () => createService('kv'), bug: undefined };
}

/** A quiet network, three servers, two clients, four seconds. */
export function scriptedScenario(parts: Partial<ScenarioInput>): Scenario {
  return defineScenario({
    title: 'A scripted protocol',
    description: 'For tests.',
    protocol: { name: 'scripted' },
    cluster: { nodes: 3 },
    workload: { clients: 2 },
    network: { delay: '1ms', loss: 0, duplicate: 0, corrupt: 0 },
    bounds: { 'heal-at': '3s', 'stop-clients-at': '3500ms', end: '4s' },
    expect: { 'progress-within': 'none' },
    ...parts,
  });
}

/** Runs to the end; what was noted, by whom and when (in milliseconds), and the simulation itself. */
export function runScripted(
  scenario: Scenario,
  protocol?: Protocol,
  seed = '1',
): { readonly notes: readonly string[]; readonly simulation: Simulation } {
  const notes: string[] = [];
  const recorder = new TraceRecorder((event) => {
    const at = `${Math.floor(event.timeMicros / 1000)}ms`;
    for (const { process, event: change } of event.changes) {
      if (change.kind === 'note') notes.push(`${at} n${process + 1}: ${change.text}`);
    }
    for (const note of event.notes) notes.push(`${at} ${note}`);
  });
  const simulation = Simulation.create(
    scenario,
    { seed, strategy: 'random' },
    { implementation: scriptedImplementation(protocol), recorder, checkers: false },
  );
  simulation.run();
  recorder.finish('');
  return { notes, simulation };
}
