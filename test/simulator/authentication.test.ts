import { expect, test } from 'vitest';

import type { Authenticator } from '../../src/kernel/index.js';
import { realAuthentication } from '../../src/node/real-authentication.js';
import { createService } from '../../src/services/index.js';
import type { Implementation } from '../../src/simulator/implementation.js';
import {
  Simulation,
  compareEventLogs,
  encodeTrace,
  logEvents,
  parseTrace,
  recordTrace,
  replayAdapted,
  replayStrict,
  simulate,
  type TraceEvent,
} from '../../src/simulator/index.js';
import { SMALL, passingTrace, recipeOf } from './samples.js';
import { sealedProtocol, sealedScenario } from './sealed.js';

const IDEAL = sealedScenario('ideal');
const REAL = sealedScenario('real');
const implementation: Implementation = {
  protocol: sealedProtocol,
  createService: () => createService('kv'),
  bug: undefined,
  authentication: realAuthentication,
};

const reportsOf = (events: readonly TraceEvent[]): string[] =>
  events.flatMap(({ changes }) =>
    changes.map(({ event }) => {
      if (event.kind === 'rejected') return event.reason;
      return event.kind === 'note' ? event.text : event.kind;
    }),
  );

test.each(['1', '2', 'ß'])('authentication: ideal and real proofs make the same run (seed %s)', (seed) => {
  const ideal = logEvents(IDEAL, recipeOf(seed), implementation);
  const real = logEvents(REAL, recipeOf(seed), implementation);
  expect(ideal.times.length).toBeGreaterThan(500);
  expect(compareEventLogs(ideal, real)).toBeUndefined();
});

test('authentication: a verifier that believes everything makes another run', () => {
  const credulous: Implementation = {
    ...implementation,
    authentication: (assignment) => {
      const keys = realAuthentication(assignment);
      const believer = (process: number): Authenticator => ({
        keyEpoch: 0,
        sign: (statement) => keys.of(process).sign(statement),
        authenticate: (statement, receivers) => keys.of(process).authenticate(statement, receivers),
        verify: () => true,
        verifySignature: () => true,
        refreshKeys: () => keys.of(process).refreshKeys(),
        learnKeys: (receiver, epoch) => keys.of(process).learnKeys(receiver, epoch),
      });
      return { of: believer, clone: () => keys.clone() };
    },
  };
  const ideal = logEvents(IDEAL, recipeOf('1'), implementation);
  const real = logEvents(REAL, recipeOf('1'), credulous);
  expect(compareEventLogs(ideal, real)).toBeDefined();
});

test('authentication: the run that is compared proves, refuses, reads back and learns', () => {
  const { outcome, trace } = recordTrace(REAL, recipeOf('1'), implementation);
  expect(outcome.status).toBe('passed');
  expect(outcome.statistics.operationsOk).toBeGreaterThan(20);
  const reports = reportsOf(trace.events);
  expect(reports).toContain('Done of 0');
  expect(reports).toContain('Done of 3');
  expect(reports.filter((text) => text.endsWith('learnt')).length).toBeGreaterThan(5);
  expect(reports.filter((text) => /^kept: [1-9]/.test(text)).length).toBeGreaterThan(1);
  expect(reports.filter((text) => text.startsWith('read back'))).toEqual([]);
  expect(reports.filter((text) => text.startsWith('request'))).toEqual([]);
});

test('authentication: replicas that hold proofs encode the same with ideal and with real ones', () => {
  const texts = [IDEAL, REAL].map((scenario) => {
    const simulation = Simulation.create(scenario, recipeOf('1'), { implementation });
    simulation.run();
    return simulation.servers.map(({ replica }) => replica?.encode());
  });
  expect(texts[0]).toEqual(texts[1]);
  expect(JSON.stringify(texts[0])).toMatch(/"0:sig\(2,0,0,\d+,[0-9a-f]{8}\)"/);
});

test.each([IDEAL, REAL])('authentication: a fork goes on with its keys ($authentication)', (scenario) => {
  const straight = simulate(scenario, recipeOf('fork'), { implementation });
  const simulation = Simulation.create(scenario, recipeOf('fork'), { implementation });
  for (let i = 0; i < 400; i++) simulation.step();
  const fork = simulation.fork();
  expect(fork.run()).toEqual(straight);
  expect(simulation.run()).toEqual(straight);
});

test('authentication: nothing that carries proofs is changed after it was handed over (audit)', () => {
  for (const scenario of [IDEAL, REAL]) {
    const audited = simulate(scenario, recipeOf('audit'), { implementation, audit: true });
    expect(audited).toMatchObject({ status: 'passed', violation: undefined });
    expect(audited.digest).toBe(simulate(scenario, recipeOf('audit'), { implementation }).digest);
  }
});

test('authentication: a trace of a run with real proofs replays, and shows them as text', () => {
  const { trace } = recordTrace(REAL, recipeOf('1'), implementation);
  const read = parseTrace(encodeTrace(trace), 'a.trace');
  expect(read.header.scenario.authentication).toBe('real');
  expect(replayStrict(read, implementation)).toMatchObject({ kind: 'reproduced' });
  expect(replayAdapted(read, implementation)).toMatchObject({ kind: 'same' });
  const request = read.events.find(({ label }) => label.endsWith('Request'));
  expect(request?.message).toMatchObject({ proof: expect.stringMatching(/^\d+:sig\(0,0,0,/) as string });
});

test('authentication: a trace that says nothing of it is one with ideal proofs', () => {
  const text = encodeTrace(passingTrace());
  const older = text.replace('"authentication":"ideal",', '');
  expect(older).not.toBe(text);
  expect(parseTrace(older, 'a.trace').header.scenario).toEqual(SMALL);
});

test('authentication: real proofs are refused where there is no cryptography', () => {
  const { authentication: _, ...without } = implementation;
  expect(() => simulate(REAL, recipeOf('1'), { implementation: without })).toThrow(
    'test/sealed: authentication: real: expected real cryptography to be passed in, got none',
  );
  expect(simulate(IDEAL, recipeOf('1'), { implementation: without }).status).toBe('passed');
});
