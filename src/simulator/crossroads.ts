/**
 * Where messages pass in a run that has liars: those of corrupted processes go through their adversary, and those to
 * and from an address with twins to the one or the other process.
 */

import { Adversary, Twins, type AdversaryWorld, type Outlet } from '../faults/index.js';
import type { Authentication, HistoryEvent, Message, Micros, ProcessId } from '../kernel/index.js';
import { processCounts, type Scenario } from '../scenario/index.js';
import { AttackThroughput } from './attack-throughput.js';
import type { Recipe } from './outcome.js';
import type { Postman } from './postman.js';
import type { Program } from './program.js';

/** What of the run messages depend on. */
export interface Junction extends AdversaryWorld {
  readonly eventNumber: number;
}

export class Crossroads implements Outlet {
  /** Of the message in hand. */
  private postman: Postman | undefined = undefined;

  private constructor(
    readonly adversary: Adversary,
    readonly twins: Twins | undefined,
    private readonly junction: Junction,
    private readonly firstTwin: ProcessId,
    readonly throughput: AttackThroughput | undefined,
  ) {}

  /** Undefined for a run without liars, whose messages take the short way. */
  static create(junction: Junction, scenario: Scenario, program: Program): Crossroads | undefined {
    const { faults, model, cluster } = scenario;
    const { attackSurface } = program.protocol;
    if (attackSurface === undefined || (faults.byzantine.length === 0 && model.byzantine === 0))
      return undefined;
    const { nodes: servers } = cluster;
    const { settings, members } = program;
    const plan = faults.byzantine;
    const brief = { plan, borne: model.byzantine, surface: attackSurface, settings, servers, members };
    const adversary = Adversary.create(brief, junction);
    const { firstTwin } = processCounts(scenario);
    const twins = Twins.create(plan, adversary.corruption, servers, firstTwin, junction.choices);
    return new Crossroads(adversary, twins, junction, firstTwin, AttackThroughput.create(scenario));
  }

  /** True for a process that may do anything, twins included. */
  isFaulty(process: ProcessId): boolean {
    return process >= this.firstTwin || this.adversary.isFaulty(process);
  }

  timesHealed(process: ProcessId): number {
    return this.adversary.corruption.timesHealed(process);
  }

  send(postman: Postman, from: ProcessId, to: ProcessId, message: Message): void {
    this.postman = postman;
    this.adversary.passing();
    const address = this.twins?.addressOf(from) ?? from;
    if (from === address && this.adversary.isFaulty(from)) this.adversary.outgoing(from, to, message, this);
    else this.forward(from, to, message, 0);
  }

  sendLater(from: ProcessId, to: ProcessId, message: Message, afterMicros: Micros): void {
    this.forward(from, to, message, afterMicros);
  }

  private forward(from: ProcessId, to: ProcessId, message: Message, afterMicros: Micros): void {
    const { twins, postman, junction } = this;
    const at = junction.now + afterMicros;
    const { eventNumber } = junction;
    if (twins === undefined) {
      postman?.send(at, eventNumber, from, to, message, to);
      return;
    }
    twins.route(junction.now, from, to);
    const address = twins.addressOf(from);
    for (let i = 0; i < twins.count; i++) {
      postman?.send(at, eventNumber, address, to, message, twins.receivers[i] as ProcessId);
    }
  }

  /** An operation of a client has ended. */
  history({ kind, client }: HistoryEvent): void {
    if (kind === 'ok' && !this.isFaulty(client)) this.throughput?.answered(this.junction.now);
  }

  /** True when what was sent to this process reaches it. */
  isHeard(from: ProcessId, to: ProcessId, message: Message): boolean {
    return !this.adversary.isFaulty(to) || this.adversary.incoming(from, to, message);
  }

  clone(junction: Junction): Crossroads {
    const { adversary, twins, firstTwin, throughput } = this;
    return new Crossroads(
      adversary.clone(junction),
      twins?.clone(junction.choices),
      junction,
      firstTwin,
      throughput?.clone(),
    );
  }
}

/** Every process is its own identity, but for twins. */
export function createKeys(
  program: Program,
  { seed }: Recipe,
  scenario: Scenario,
  crossroads: Crossroads | undefined,
): Authentication {
  const { firstTwin } = processCounts(scenario);
  const identities = Array.from({ length: firstTwin }, (_, process) => process);
  identities.push(...(crossroads?.twins?.addresses ?? []));
  return program.authentication({ seed, identities });
}
