/** What stands at the servers' doors: by itself, and in runs of Raft and PBFT. */

import { describe, expect, test } from 'vitest';
import {
  REQUEST_REPLY_DOORWAY,
  clientRequest,
  okReply,
  type AdminRequest,
  type Message,
} from '../../src/kernel/index.js';
import { defineScenario } from '../../src/scenario/index.js';
import { makeCommand, type AdmissionConfig, type Capability } from '../../src/services/index.js';
import { PBFT_DOORWAY } from '../../src/protocols/pbft/doorway.js';
import { Doorkeeper, type DoorRules } from '../../src/simulator/doorkeeper.js';
import { Simulation, simulate } from '../../src/simulator/index.js';
import { errorOf } from '../scenario/support.js';
import { bundled } from './scenarios.js';

const ONE: AdmissionConfig = {
  ratePerSecond: 0,
  burst: 1,
  inFlight: 1,
  holdMicros: 1_000,
  brownOutPercent: 100,
};
const READERS: readonly Capability[] = [
  { holders: [3], purposes: ['get'], fromMicros: 10, untilMicros: 20 },
  { holders: [9], purposes: ['transfer'], fromMicros: 0, untilMicros: undefined },
];

const rules = (more: Partial<DoorRules> = {}): DoorRules => ({
  doorway: REQUEST_REPLY_DOORWAY,
  admission: undefined,
  authority: undefined,
  firstClient: 3,
  operator: 9,
  optional: new Set([4]),
  ...more,
});

const request = (client: number, sequence: number, op = 'get'): Message =>
  clientRequest(makeCommand(client, sequence, { op, key: 'k', value: 'v' }));
const admin = (verb: string): AdminRequest => ({ kind: 'AdminRequest', id: 7, action: { do: verb } });

test('servers come and go as they like, and so do answers and what asks for nothing', () => {
  const door = new Doorkeeper(rules({ admission: ONE, authority: [] }));
  for (const message of [request(3, 1), admin('remove'), { kind: 'AppendEntries' }])
    expect(door.judge(1, message, 0)).toBeUndefined();
  expect(door.judge(3, { kind: 'Gossip' }, 0)).toBeUndefined();
});

test('what is malformed asks for nothing, and a sequence of any size is nobody else’s', () => {
  const door = new Doorkeeper(rules({ doorway: PBFT_DOORWAY, admission: ONE, authority: READERS }));
  for (const command of [null, undefined, 7, { sequence: 1 }])
    expect(door.judge(3, { kind: 'Request', command } as Message, 15)).toBeUndefined();
  const two = new Doorkeeper(rules({ admission: { ...ONE, inFlight: 2 } }));
  const { command } = request(3, 2 ** 32 + 1) as ReturnType<typeof clientRequest>;
  expect(two.judge(3, clientRequest(command), 0)).toBeUndefined();
  expect(two.judge(4, request(4, 1), 0)).toBeUndefined();
  expect(two.judge(5, request(5, 1), 0)?.kind).toBe('shed');
});

test('who is turned away for now is told to come again, and the answer to another makes room', () => {
  const door = new Doorkeeper(rules({ admission: ONE }));
  expect(door.judge(3, request(3, 1), 0)).toBeUndefined();
  const refusal = door.judge(4, request(4, 1), 0);
  expect(refusal).toMatchObject({ kind: 'shed', reason: 'admission-in-flight' });
  expect(refusal?.reply).toMatchObject({ kind: 'ClientReply', sequence: 1, status: 'busy' });
  expect(door.judge(9, admin('remove'), 0)).toBeUndefined();
  const copy = door.clone();
  door.sent(1, okReply(1, null));
  door.sent(3, okReply(1, null));
  expect(door.judge(4, request(4, 1), 0)).toBeUndefined();
  expect(copy.judge(4, request(4, 1), 0)).toMatchObject({ kind: 'shed' });
});

test('what is never allowed is refused for good, what is not allowed now is not', () => {
  const door = new Doorkeeper(rules({ authority: READERS }));
  const at = (now: number, message: Message, from = 3) => door.judge(from, message, now);
  expect(at(15, request(3, 1))).toBeUndefined();
  expect(at(15, request(3, 1, 'put'))).toMatchObject({
    kind: 'denied',
    purpose: 'put',
    reason: 'unauthorised',
    reply: { status: 'refused' },
  });
  expect(at(5, request(3, 1))).toMatchObject({ reason: 'not-yet-valid', reply: { status: 'busy' } });
  expect(at(20, request(3, 1))).toMatchObject({ reason: 'expired', reply: { status: 'busy' } });
  expect(at(15, admin('transfer'), 9)).toBeUndefined();
  expect(at(15, admin('remove'), 9)).toMatchObject({
    reason: 'unauthorised',
    reply: { kind: 'AdminReply', id: 7, status: 'refused' },
  });
});

test("somebody else's request is not let in, and its sender is told nothing", () => {
  const door = new Doorkeeper(rules({ authority: READERS }));
  const refusal = door.judge(4, request(3, 1), 15);
  expect(refusal).toMatchObject({ kind: 'denied', reason: 'impersonated', reply: undefined });
});

describe('in runs', () => {
  const run = (name: string, seed: string) => simulate(bundled(name), { seed, strategy: 'random' });
  const cohort = (outcome: ReturnType<typeof run>, name: string) =>
    outcome.statistics.cohorts?.find((one) => one.name === name);

  test('with admission control those who matter are served in time under a load that is too much', () => {
    for (const seed of ['1', '2', '3']) {
      const on = run('overload/admission-on', seed);
      const off = run('overload/admission-off', seed);
      expect([on.status, off.status]).toEqual(['passed', 'passed']);
      const [served, delayed] = [cohort(on, 'paying'), cohort(off, 'paying')];
      expect(served?.latencyP99Micros).toBeLessThan((delayed?.latencyP99Micros ?? 0) / 2);
      expect(served?.amplification).toBeLessThan(delayed?.amplification ?? 0);
      expect(cohort(on, 'paying')?.rejected).toBeLessThan(cohort(on, 'browsing')?.rejected ?? 0);
      expect(on.statistics.rejectedRequests['brown-out']).toBeGreaterThan(0);
    }
  });

  test('what nobody may ask for fails, is counted by its reason, and changes nothing', () => {
    const outcome = run('overload/capabilities', '1');
    expect(outcome.status).toBe('passed');
    const denials = outcome.statistics.metrics.policy_denials;
    for (const reason of ['unauthorised', 'expired', 'not-yet-valid'])
      expect(denials?.[reason]).toBeGreaterThan(0);
    expect(cohort(outcome, 'guests')?.ok).toBe(0);
    expect(outcome.statistics.operatorStepsRefused).toBeGreaterThan(0);
  });

  test('what came while the server stood still is held against the doors when it goes on', () => {
    const scenario = bundled('overload/capabilities', [
      'faults.random=[{ every: 300ms..600ms, for: 100ms..400ms, do: pause, on: leader }]',
      'workload.attempt-timeout=100ms',
    ]);
    for (const seed of ['1', '2', '3', '4', '5', '6']) {
      expect(simulate(scenario, { seed, strategy: 'random' })).toMatchObject({ status: 'passed' });
    }
  });

  test('a fork behind doors comes to the same end', () => {
    const scenario = bundled('overload/admission-on');
    const simulation = Simulation.create(scenario, { seed: '3', strategy: 'random' });
    for (let i = 0; i < 20_000 && simulation.step(); i++);
    const fork = simulation.fork();
    const [one, other] = [simulation.run(), fork.run()];
    expect(other.digest).toBe(one.digest);
    expect(other.statistics).toEqual(one.statistics);
  });

  const BASE = {
    title: 'doors',
    description: 'Doors of PBFT.',
    cluster: { nodes: 4 },
    protocol: { name: 'pbft' },
    bounds: { 'heal-at': '2s', 'stop-clients-at': '4s', end: '9s' },
  } as const;

  test('replicas of PBFT turn away without a word, and clients are served when they ask again', () => {
    const scenario = defineScenario({
      ...BASE,
      admission: { rate: '60/s', burst: 5, 'in-flight': 8 },
      authority: [{ who: 'c1..c4', may: 'anything' }],
      workload: { clients: 5, rate: '120/s', retry: { policy: 'backoff', budget: '300%' } },
    });
    const outcome = simulate(scenario, { seed: '1', strategy: 'random' });
    expect(outcome.status).toBe('passed');
    expect(outcome.statistics.rejectedRequests['admission-rate']).toBeGreaterThan(0);
    expect(outcome.statistics.metrics.policy_denials?.['unauthorised']).toBeGreaterThan(0);
    expect(outcome.statistics.operationsOk).toBeGreaterThan(100);
  });

  test('a holder that does not exist, or a share of nothing, is refused with its place', () => {
    const error = (more: object) => errorOf(() => void defineScenario({ ...BASE, ...more }));
    expect(error({ authority: [{ who: 'c9', may: 'anything' }] })).toContain(
      "authority.0.who: expected one of clients, operator, or c1 to c5, got 'c9'",
    );
    expect(error({ authority: [{ who: 'oprator', may: 'anything' }] })).toContain("did you mean 'operator'?");
    expect(error({ admission: { 'brown-out': '0%' } })).toContain('admission.brown-out: expected a share');
    expect(error({ authority: [{ who: 'clients', may: 'anything', from: '5s', until: '1s' }] })).toContain(
      'authority.0.from: expected at most until (1s)',
    );
  });
});
