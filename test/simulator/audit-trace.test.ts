// Runs with liars, recorded and audited: whom the auditor accuses is compared with whom the run made liars.

import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/kernel/index.js';
import { defineScenario } from '../../src/scenario/index.js';
import {
  auditTrace,
  builtInImplementation,
  recordTrace,
  type AuditedTrace,
} from '../../src/simulator/index.js';
import { SMALL, recipeOf } from './samples.js';
import { bundled } from './scenarios.js';

function audited(name: string, seed: string, from?: readonly number[]): AuditedTrace {
  const scenario = bundled(name);
  const implementation = builtInImplementation(scenario);
  const { trace } = recordTrace(scenario, recipeOf(seed), implementation);
  return auditTrace(trace, implementation, from);
}

const culprits = ({ report }: AuditedTrace): number[] => report.accusations.map(({ culprit }) => culprit);

describe('an audit of a recorded run', () => {
  it.each(['1', '2', '3', '4', '5'])('names both of two liars where one is borne (seed %s)', (seed) => {
    const found = audited('pbft/fork-beyond-model', seed);
    expect(found.faulty).toEqual([0, 1]);
    expect(culprits(found)).toEqual([0, 1]);
    expect(found.report.asked).toEqual([2, 3]);
  });

  it.each([
    ['pbft/equivocating-primary', '1'],
    ['pbft/twins', '2'],
    ['pbft/all-of-it', '3'],
    ['pbft/all-of-it', '4'],
    ['pbft/crash-restart-storm', '5'],
    ['pbft/reconfiguration-under-attack', '1'],
    ['pbft/reconfiguration-under-attack', '2'],
    ['pbft/reconfiguration-under-attack', '3'],
  ])('accuses nobody who is no liar (%s, seed %s)', (name, seed) => {
    const found = audited(name, seed);
    expect(found.report.fork).toBeUndefined();
    expect(culprits(found).filter((culprit) => !found.faulty.includes(culprit))).toEqual([]);
  });

  it('finds what a single liar has signed, within the model', () => {
    const found = audited('pbft/equivocating-primary', '1');
    expect(culprits(found)).toEqual(found.faulty);
    expect(found.report.kind).toBe('guilt');
  });

  it.each([
    ['pbft/mac-fork-beyond-model', '1'],
    ['pbft/mac-fork-beyond-model', '2'],
    ['pbft/mac-swarm', '3'],
  ])(
    'says that no proof is possible where messages carry MACs, and accuses nobody (%s, seed %s)',
    (name, seed) => {
      expect(audited(name, seed).report).toMatchObject({
        kind: 'no-proof',
        fork: undefined,
        accusations: [],
      });
    },
  );

  it('accuses nobody where messages carry MACs, although a liar signs', () => {
    const scenario = defineScenario({
      title: 'a liar signs',
      description: 'a liar signs',
      protocol: { name: 'pbft', settings: { proofs: 'macs', 'checkpoint-interval': 32, window: 64 } },
      cluster: { nodes: 4 },
      model: { byzantine: 1 },
      faults: {
        byzantine: [{ on: 'n2', do: 'lie', as: 'invented-decision' }],
        random: [{ every: '300ms..600ms', for: '100ms..300ms', do: 'isolate', on: 'random' }],
      },
      bounds: { 'heal-at': '3s', 'stop-clients-at': '4s', end: '9s' },
    });
    const implementation = builtInImplementation(scenario);
    const { trace } = recordTrace(scenario, recipeOf('1'), implementation);
    expect(auditTrace(trace, implementation).report).toMatchObject({ kind: 'no-proof', statements: 0 });
  });

  it('reads the transcripts of those that it is told to', () => {
    expect(audited('pbft/fork-beyond-model', '1', [2]).report.asked).toEqual([2]);
  });

  it('refuses a trace of Raft, which signs nothing', () => {
    const implementation = builtInImplementation(SMALL);
    const { trace } = recordTrace(SMALL, recipeOf('1'), implementation);
    expect(() => auditTrace(trace, implementation)).toThrow(UsageError);
  });
});
