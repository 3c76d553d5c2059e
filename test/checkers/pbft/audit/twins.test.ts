/**
 * The auditor against liars that are as many as may be: identities that run twice, under random partitions and
 * leaders, so that correct replicas are led to fork within views and across them. The oracle is who was a twin.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { audit, isProved, quorumSizes, type AuditReport } from '../../../../src/checkers/index.js';
import { PBFT_INVARIANTS } from '../../../../src/checkers/pbft/index.js';
import type { Message } from '../../../../src/kernel/index.js';
import { PbftReplica, Validator, parsePbftSettings } from '../../../../src/protocols/pbft/index.js';
import {
  TwinsTerms,
  playScenario,
  type Round,
  type TwinsShape,
} from '../../../../src/simulator/twins/index.js';

/** Forks come about only if nothing else ends the run before. */
const ONLY_AGREEMENT: ReadonlySet<string> = new Set(
  PBFT_INVARIANTS.map(({ id }) => id)
    .filter((id) => id !== 'pbft/agreement')
    .concat('any/no-crash'),
);

interface Audited {
  readonly hasForked: boolean;
  readonly accused: readonly number[];
  readonly report: AuditReport;
  readonly areAllProved: boolean;
}

/** `witnesses`: whose transcripts the auditor is handed; default: all that are no twins. */
function play(shape: TwinsShape, rounds: readonly Round[], witnesses?: readonly number[]): Audited {
  const { replicas, twins } = shape;
  const terms = new TwinsTerms(shape, PbftReplica, ONLY_AGREEMENT);
  const heard = Array.from({ length: replicas + twins }, () => new Set<Message>());
  const { violation } = playScenario(terms, rounds, (node, message) => heard[node]?.add(message));
  const honest = Array.from({ length: replicas - twins }, (_, i) => twins + i);
  const transcripts = (witnesses ?? honest).map((replica) => ({
    replica,
    messages: heard[replica] ?? new Set<Message>(),
  }));
  const auditTerms = { quorum: quorumSizes(replicas, undefined) };
  const notary = {
    validator: new Validator(replicas, parsePbftSettings({ 'checkpoint-interval': 2, window: 4 })),
    authenticator: terms.createKeys().of(replicas),
  };
  const report = audit(transcripts, auditTerms, notary);
  return {
    hasForked: violation?.invariant === 'pbft/agreement',
    accused: report.accusations.map(({ culprit }) => culprit),
    report,
    areAllProved: report.accusations.every((accusation) => isProved(accusation, auditTerms, notary)),
  };
}

/** Two parts. In three of four, each has one copy of every twin: there forks are. */
function roundOf({ replicas, twins }: TwinsShape): fc.Arbitrary<Round> {
  const nodes = replicas + twins;
  const sides = fc.array(fc.nat({ max: 1 }), { minLength: nodes, maxLength: nodes });
  return fc.tuple(sides, fc.nat({ max: 3 }), fc.nat({ max: replicas - 1 })).map(([drawn, mixed, leader]) => {
    const split = drawn.map((side, node) => (node < twins ? 0 : node >= replicas ? 1 : side));
    const chosen = mixed === 0 ? drawn : split;
    return { parts: chosen.map((side) => (side === chosen[0] ? 0 : 1)), leader };
  });
}

function statistics(shape: TwinsShape, runs: number, seed: number): { forks: number; crossViews: number } {
  const promised = quorumSizes(shape.replicas, undefined).f + 1;
  let forks = 0;
  let crossViews = 0;
  fc.assert(
    fc.property(fc.array(roundOf(shape), { minLength: 1, maxLength: 7 }), (rounds) => {
      const { hasForked, accused, report, areAllProved } = play(shape, rounds);
      expect(accused.filter((culprit) => culprit >= shape.twins)).toEqual([]);
      expect(areAllProved).toBe(true);
      if (!hasForked) return;
      forks++;
      expect(report.kind).toBe('fork');
      if (report.fork?.first.view !== report.fork?.second.view) crossViews++;
      if (shape.twins < 2 * promised - 1) expect(accused.length).toBeGreaterThanOrEqual(promised);
    }),
    { numRuns: runs, seed },
  );
  return { forks, crossViews };
}

describe('an audit of forks made by twins', () => {
  it.each([
    [4, 2],
    [7, 3],
    [7, 4],
  ])('of %i replicas with %i liars names f + 1 of them, and nobody else', (replicas, twins) => {
    const { forks, crossViews } = statistics({ replicas, twins, mostParts: 2 }, 400, 7);
    expect(forks).toBeGreaterThan(20);
    expect(crossViews).toBeGreaterThan(0);
  });

  it.each([
    [4, 1],
    [4, 3],
    [5, 2],
    [5, 4],
    [7, 2],
    [7, 6],
  ])('of %i replicas with %i liars accuses no correct one', (replicas, twins) => {
    statistics({ replicas, twins, mostParts: 2 }, 150, 11);
  });

  it('cannot be led to accuse a correct one by what liars hand in', () => {
    const shape = { replicas: 4, twins: 2, mostParts: 2 };
    fc.assert(
      fc.property(fc.array(roundOf(shape), { minLength: 1, maxLength: 5 }), (rounds) => {
        const { accused, areAllProved } = play(shape, rounds, [0, 1, 4, 5]);
        expect(accused.filter((culprit) => culprit >= 2)).toEqual([]);
        expect(areAllProved).toBe(true);
      }),
      { numRuns: 150, seed: 3 },
    );
  });
});
