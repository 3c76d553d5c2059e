import { describe, expect, it } from 'vitest';
import { dueFrom } from '../../../src/checkers/pbft/mac-decision.js';
import { quorumSizes } from '../../../src/checkers/pbft/quorum.js';
import { decideView, quorumOf, type MacViewChange, type Tuple } from '../../../src/protocols/pbft/index.js';
import { LcgStream } from '../raft/random.js';
import { prove } from './fixtures.js';

const RUNS = 40_000;
const WINDOW = 4;
const proof = prove(0, 'prepare', 0, 0, 0);

/** Anything that a set of replicas, liars included, may say; mostly alike, so that it often comes to something. */
function viewChanges(random: LcgStream, n: number): MacViewChange[] {
  const count = 1 + random.below(n);
  const truth = Array.from({ length: 3 * WINDOW }, () => random.below(3));
  return Array.from({ length: count }, () => viewChange(random, truth));
}

function viewChange(random: LcgStream, truth: readonly number[]): MacViewChange {
  const stable = 2 * random.below(random.below(4) === 0 ? 4 : 2);
  const checkpoints = [{ sequence: stable, digest: digestOf(random, stable) }];
  for (let sequence = stable + 2; sequence <= stable + WINDOW; sequence += 2) {
    if (random.below(2) === 0) checkpoints.push({ sequence, digest: digestOf(random, sequence) });
  }
  const prepared: Tuple[] = [];
  const prePrepared: Tuple[] = [];
  for (let sequence = stable + 1; sequence <= stable + WINDOW; sequence++) {
    const usual = truth[sequence] ?? 0;
    for (let digest = 0; digest < 3; digest++) {
      if (random.below(4) < (digest === usual ? 3 : 1)) {
        prePrepared.push({ sequence, digest, view: random.below(3) });
      }
    }
    if (random.below(2) === 0) {
      const digest = random.below(6) === 0 ? random.below(3) : usual;
      prepared.push({ sequence, digest, view: random.below(3) });
    }
  }
  return { kind: 'MacViewChange', view: 5, stable, checkpoints, prepared, prePrepared, proof };
}

function digestOf(random: LcgStream, sequence: number): number {
  return sequence === 0 ? 0 : 100 * sequence + (random.below(8) === 0 ? 1 : 0);
}

describe('pbft decision procedure of a view change with MACs', () => {
  it(`says what the paper says, on ${RUNS} random sets of view changes of 4 to 10 replicas`, () => {
    const counts = { waits: 0, nulls: 0, digests: 0, passed: 0 };
    const random = new LcgStream(20261128);
    for (let run = 0; run < RUNS; run++) {
      const n = 4 + random.below(7);
      const all = viewChanges(random, n);
      const begin = decideView(all, quorumOf(n), WINDOW);
      const due = dueFrom(all, quorumSizes(n, undefined), WINDOW);
      const said =
        begin === undefined
          ? undefined
          : { ...begin.checkpoint, choices: begin.choices.map(({ digest }) => digest) };
      expect(said, `run ${run}`).toEqual(due);
      if (begin === undefined) counts.waits++;
      for (const { digest } of begin?.choices ?? []) counts[digest === 0 ? 'nulls' : 'digests']++;
      if ((begin?.checkpoint.sequence ?? 0) > 0) counts.passed++;
    }
    // All that may come of it has come of it.
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(500);
  });

  it('gives places without gaps, from the one after the checkpoint on', () => {
    const random = new LcgStream(7);
    for (let run = 0; run < 2000; run++) {
      const begin = decideView(viewChanges(random, 4), quorumOf(4), WINDOW);
      begin?.choices.forEach(({ sequence }, i) => expect(sequence).toBe(begin.checkpoint.sequence + 1 + i));
    }
  });
});
