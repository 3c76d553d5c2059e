/** The auditor where members change: n1 to n4 give way to n2 to n5 and n7, of which n2 and n3 are liars. */

import { describe, expect, it } from 'vitest';
import {
  audit,
  chainOf,
  quorumSizes,
  type AuditReport,
  type Notary,
} from '../../../../src/checkers/index.js';
import type { Message } from '../../../../src/kernel/index.js';
import {
  Configuration,
  Validator,
  VIEWS,
  parsePbftSettings,
  type Handover,
  type Link,
  type StableCertificate,
} from '../../../../src/protocols/pbft/index.js';
import { makeCommand } from '../../../../src/services/index.js';
import { CLIENT, commit, prepared, prove, viewChange } from '../../../protocols/pbft/fixtures.js';
import { keysOf } from '../../../world/keys.js';

const OPERATOR = CLIENT + 1;
const FIRST = new Configuration(0, [0, 1, 2, 3], undefined);
const SETTINGS = { 'checkpoint-interval': 8, window: 16 };
const NOTARY: Notary = {
  validator: new Validator(7, parsePbftSettings(SETTINGS)),
  authenticator: keysOf(CLIENT),
};
const STATE = 77;
const VIEW = VIEWS + 1;

function handover(end: number, signers: readonly number[], operator = OPERATOR): Handover {
  const command = makeCommand(OPERATOR, 1, { do: 'configuration', members: [1, 2, 3, 4, 6], faulty: 1 });
  const boundary: StableCertificate = {
    sequence: end,
    digest: STATE,
    handover: 1,
    proofs: signers.map((signer) => prove(signer, 'checkpoint', 1, end, STATE)),
  };
  const link: Link = {
    request: { kind: 'Request', command, proof: prove(operator, 'request', 0, 1, command.hash) },
    boundary,
  };
  return { kind: 'Handover', links: [link] };
}

const TAKES_OVER = handover(8, [0, 1, 2]);

function auditOf(one: readonly Message[], other: readonly Message[] = []): AuditReport {
  const transcripts = [
    { replica: 3, messages: one },
    { replica: 4, messages: other },
  ];
  const later = chainOf([...one, ...other], FIRST, OPERATOR, NOTARY.authenticator);
  return audit(transcripts, { quorum: quorumSizes(4, undefined), later }, NOTARY);
}

const committed = (view: number, sequence: number, digest: number, signers: readonly number[]): Message[] =>
  signers.map((signer) => commit(signer, view, sequence, digest));

describe('an audit where members change', () => {
  it('follows the chain that the operator and quorums have signed', () => {
    const chain = (message: Message): unknown => chainOf([message], FIRST, OPERATOR, NOTARY.authenticator);
    expect(chain(TAKES_OVER)).toEqual([
      { number: 1, members: [1, 2, 3, 4, 6], quorum: quorumSizes(5, 1), begunAfter: 8 },
    ]);
    expect(chain(handover(8, [0, 1]))).toEqual([]);
    expect(chain(handover(8, [0, 1, 2], 0))).toEqual([]);
  });

  it('names f + 1 who forked a later configuration, by its quorums', () => {
    const one = committed(VIEW, 9, 11, [1, 2, 3, 6]);
    const other = committed(VIEW, 9, 22, [1, 2, 4, 6]);
    const report = auditOf([TAKES_OVER, ...one], other);
    expect(report.kind).toBe('fork');
    expect(report.promised).toBe(2);
    expect(report.accusations.map(({ culprit, charge }) => [culprit, charge])).toEqual([
      [1, 'two-votes'],
      [2, 'two-votes'],
      [6, 'two-votes'],
    ]);
  });

  it('takes the votes of those who are no members, or are too few for the new quorum, for no commitment', () => {
    const one = committed(VIEW, 9, 11, [0, 2, 3, 4]);
    const other = committed(VIEW, 9, 22, [1, 2, 6]);
    expect(auditOf([TAKES_OVER, ...one], other).fork).toBeUndefined();
  });

  it('takes what the old members decide after their last batch for no fork', () => {
    const old = committed(0, 9, 11, [0, 1, 2]);
    const present = committed(VIEW, 9, 22, [1, 2, 3, 4]);
    expect(auditOf([TAKES_OVER, ...old], present)).toMatchObject({ kind: 'clean', fork: undefined });
    expect(
      auditOf([TAKES_OVER, ...committed(0, 8, 11, [0, 1, 2])], committed(0, 8, 22, [1, 2, 3])).kind,
    ).toBe('fork');
  });

  it('accuses nobody for resting a view change on the checkpoint that the old members have signed', () => {
    const { boundary } = TAKES_OVER.links[0] as Link;
    const rests = viewChange(4, VIEW, [], boundary);
    expect(auditOf([TAKES_OVER, rests]).accusations).toEqual([]);
    const short = viewChange(4, VIEW, [prepared(1, [2, 3], VIEWS, 9, 11)], boundary);
    expect(auditOf([TAKES_OVER, short]).accusations.map(({ charge }) => charge)).toEqual([
      'short-certificate',
    ]);
  });
});
