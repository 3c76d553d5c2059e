/** Whatever comes in where proofs are MACs: it is accepted whole, or not at all. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/kernel/index.js';
import {
  MacStatementType,
  batchDigest,
  parsePbftSettings,
  type PbftMessage,
} from '../../../src/protocols/pbft/index.js';
import { MacValidator } from '../../../src/protocols/pbft/macs/validate.js';
import { Bench, request } from './fixtures.js';
import {
  GENESIS,
  acknowledge,
  authenticate,
  checkpoint,
  commit,
  newKey,
  newView,
  prePrepare,
  prepare,
  viewChange,
} from './mac-fixtures.js';
import { knowsForms, mutationsOf } from './mutations.js';

const batch = [request(1), request(2)];
const digest = batchDigest(batch);
const proof = authenticate(2, MacStatementType.queryStable, 0, 0, 0);
const tuple = { view: 0, sequence: 1, digest };
const changes = [0, 1, 2].map((signer) =>
  viewChange(signer, 1, { prepared: [tuple], prePrepared: [tuple], recovery: 0 }),
);
const certificate = { sequence: 16, digest: 5, proofs: [] };

/** One well-formed message of each kind that a replica takes. */
const EXAMPLES: readonly PbftMessage[] = [
  request(1),
  prePrepare(0, 1, batch),
  prepare(2, 0, 1, digest),
  commit(2, 0, 1, digest),
  checkpoint(2, { sequence: 16, digest: 5 }),
  ...changes.slice(2),
  acknowledge(2, changes[0]!, changes[1]!),
  newView(1, changes, GENESIS, [digest]),
  newKey(2),
  { kind: 'QueryStable', recovery: 1, proof },
  { kind: 'ReplyStable', recovery: 1, stable: 16, prepared: 17, proof },
  { kind: 'RecoveryReply', recovery: 1, executed: 3, proof },
  { kind: 'Decision', view: 0, sequence: 1, digest, requests: batch, commits: [], proof },
  { kind: 'FetchState', sequence: 16, paths: [[], [1, 0]], proof },
  { kind: 'StateData', certificate, path: [1], part: { shape: 'list', count: 2, digests: [3, 4] }, proof },
  { kind: 'StateData', certificate, path: [], part: undefined, proof },
];

const RAW = { proofs: 'macs', 'recovery-interval': '10s' };
const mutated = mutationsOf(EXAMPLES);

describe('pbft message forms with MACs', () => {
  const validator = new MacValidator(4, parsePbftSettings(RAW));

  knowsForms(validator, EXAMPLES);

  it('a replica survives anything, from anybody', () => {
    const bench = new Bench(1, 4, RAW);
    bench.sync().sent();
    fc.assert(
      fc.property(mutated, fc.nat(6), (message, from) => {
        bench.from(from, message);
      }),
      { numRuns: 2000 },
    );
    expect(bench.applied()).toEqual([]);
  });

  it('a stable checkpoint has nothing in it that belongs to signatures', () => {
    const data = { kind: 'StateData', path: [], part: undefined, proof } as const;
    for (const handover of [1, undefined, { valueOf: 1, toString: 1 }]) {
      const more = { ...data, certificate: { ...certificate, handover } };
      expect(validator.accepts(more as Message)).toBe(false);
      new Bench(1, 4, RAW).from(2, more);
    }
  });
});
