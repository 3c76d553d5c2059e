/** The auditor, on transcripts written by hand: four replicas, of which n1 and n2 are liars. */

import { describe, expect, it } from 'vitest';
import {
  audit,
  auditRecord,
  isProved,
  quorumSizes,
  type AuditReport,
  type Notary,
} from '../../../../src/checkers/index.js';
import { forkOf } from '../../../../src/checkers/pbft/audit/fork.js';
import type { Message } from '../../../../src/kernel/index.js';
import { Validator, parsePbftSettings, type NewView } from '../../../../src/protocols/pbft/index.js';
import {
  CLIENT,
  choice,
  commit,
  newView,
  prepare,
  prepared,
  prePrepare,
  prove,
  request,
  viewChange,
} from '../../../protocols/pbft/fixtures.js';
import { keysOf } from '../../../world/keys.js';

const TERMS = { quorum: quorumSizes(4, undefined) };
const NOTARY: Notary = {
  validator: new Validator(4, parsePbftSettings({})),
  authenticator: keysOf(CLIENT),
};

/** Of replicas n3 and n4, who tell the truth. */
function auditOf(third: readonly Message[], fourth: readonly Message[] = [], notary = NOTARY): AuditReport {
  const transcripts = [
    { replica: 2, messages: third },
    { replica: 3, messages: fourth },
  ];
  return audit(transcripts, TERMS, notary);
}

function charges({ accusations }: AuditReport): string[] {
  return accusations.map(({ culprit, charge }) => `n${culprit + 1} ${charge}`);
}

const ONE = 11;
const OTHER = 22;
const committed = (view: number, digest: number, signers: readonly number[]): Message[] =>
  signers.map((signer) => commit(signer, view, 1, digest));

describe('an audit of PBFT', () => {
  it('finds nothing in a run without a fork', () => {
    const batch = [request(1)];
    const proposal = prePrepare(0, 0, 1, batch);
    const votes = [1, 2, 3].map((backup) => prepare(backup, 0, 1, proposal.digest));
    const report = auditOf([proposal, ...votes, ...committed(0, proposal.digest, [0, 1, 2, 3])]);
    expect(report).toMatchObject({ kind: 'clean', fork: undefined, accusations: [], statements: 8 });
  });

  it('convicts f + 1 who voted twice, when both forks are of one view', () => {
    const report = auditOf(committed(0, ONE, [0, 1, 2]), committed(0, OTHER, [0, 1, 3]));
    expect(report.kind).toBe('fork');
    expect(charges(report)).toEqual(['n1 two-votes', 'n2 two-votes']);
    expect(report.asked).toEqual([2, 3]);
  });

  it('convicts who committed and then left the certificate out, when the forks are of two views', () => {
    const views = [0, 1, 3].map((signer) => viewChange(signer, 1));
    const later = [newView(1, 1, views, []), ...committed(1, OTHER, [0, 1, 3])];
    const report = auditOf(committed(0, ONE, [0, 1, 2]), later);
    expect(report.fork).toMatchObject({ first: { view: 0 }, second: { view: 1 } });
    expect(charges(report)).toEqual(['n1 omitted-certificate', 'n2 omitted-certificate']);
  });

  it('follows the chain of new views to the one that let go of the batch', () => {
    const kept = prepared(0, [1, 2], 0, 1, ONE);
    const first = newView(
      1,
      1,
      [0, 1, 2].map((signer) => viewChange(signer, 1, [kept])),
      [choice(1, 1, 1, ONE)],
    );
    const second = newView(
      2,
      2,
      [0, 1, 3].map((signer) => viewChange(signer, 2)),
      [],
    );
    const report = auditOf(committed(0, ONE, [0, 1, 2]), [first, second, ...committed(2, OTHER, [0, 1, 3])]);
    expect(charges(report)).toEqual(['n1 omitted-certificate', 'n2 omitted-certificate']);
  });

  it('convicts the primary of a new view that does not propose what its view changes ask for', () => {
    const kept = prepared(0, [1, 2], 0, 1, ONE);
    const views = [0, 1, 3].map((signer) => viewChange(signer, 1, [kept]));
    const report = auditOf([newView(1, 1, views, [choice(1, 1, 1, OTHER)])]);
    expect(report.kind).toBe('guilt');
    expect(charges(report)).toEqual(['n2 unfounded-new-view']);
  });

  it('asks others for the new view that the two who disagree do not have', () => {
    const missing = newView(
      1,
      1,
      [0, 1, 3].map((signer) => viewChange(signer, 1)),
      [],
    );
    const transcripts = [
      { replica: 0, messages: committed(0, ONE, [0, 1, 2]) },
      { replica: 2, messages: committed(1, OTHER, [0, 1, 3]) },
      { replica: 3, messages: [missing] },
    ];
    const report = audit(transcripts, TERMS, NOTARY);
    expect(report.asked).toEqual([0, 2, 3]);
    expect(charges(report)).toEqual(['n1 omitted-certificate', 'n2 omitted-certificate']);
    expect(audit(transcripts.slice(0, 2), TERMS, NOTARY)).toMatchObject({ kind: 'fork', accusations: [] });
  });

  it.each([
    ['two-view-changes', [viewChange(0, 2), viewChange(0, 2, [prepared(1, [0, 2], 1, 1, ONE)])]],
    [
      'two-new-views',
      [0, 3].map((last) =>
        newView(
          0,
          4,
          [1, 2, last].map((signer) => viewChange(signer, 4)),
          [],
        ),
      ),
    ],
    [
      'unfounded-new-view',
      [
        newView(
          0,
          4,
          [1, 2].map((signer) => viewChange(signer, 4)),
          [],
        ),
      ],
    ],
    ['short-certificate', [viewChange(0, 2, [prepared(1, [2], 1, 1, ONE)])]],
    ['not-the-primary', [prePrepare(0, 1, 1, [request(1)])]],
    ['primary-prepared', [prepare(0, 4, 1, ONE)]],
    ['two-votes', [prepare(0, 1, 1, ONE), commit(0, 1, 1, OTHER)]],
    ['omitted-certificate', [commit(0, 1, 1, ONE), viewChange(0, 2, [prepared(0, [1, 2], 0, 1, ONE)])]],
  ])('knows the charge %s', (charge, messages) => {
    const report = auditOf(messages);
    expect(charges(report)).toContain(`n1 ${charge}`);
    expect(report.accusations.every((accusation) => isProved(accusation, TERMS, NOTARY))).toBe(true);
  });

  it('takes votes for two batches in two views for no guilt', () => {
    expect(
      auditOf([prepare(2, 0, 1, ONE), commit(2, 0, 1, ONE), prepare(2, 1, 1, OTHER), commit(2, 1, 1, OTHER)]),
    ).toMatchObject({ kind: 'clean' });
  });

  it('excuses a certificate that one of a later view, or a stable checkpoint, has taken the place of', () => {
    const later = viewChange(2, 3, [prepared(1, [2, 3], 1, 1, OTHER)]);
    const covered = viewChange(3, 3, [], {
      sequence: 16,
      digest: 5,
      proofs: [0, 1, 2].map((signer) => prove(signer, 'checkpoint', 0, 16, 5)),
    });
    expect(auditOf([commit(2, 0, 1, ONE), commit(3, 0, 1, ONE), later, covered])).toMatchObject({
      kind: 'clean',
    });
  });

  it('does not hold against a primary what somebody else has put into its new view', () => {
    const views = [0, 2, 3].map((signer) => viewChange(signer, 1, [prepared(0, [1, 2], 0, 1, ONE)]));
    const honest = newView(1, 1, views, [choice(1, 1, 1, ONE)]);
    const garbage = { signer: 2, encode: () => 'garbage' };
    const tampered: NewView = {
      ...honest,
      viewChanges: views.map((message, i) => (i === 1 ? { ...message, proof: garbage } : message)),
      choices: honest.choices.map((chosen) => ({ ...chosen, proof: { ...garbage, signer: 1 } })),
    };
    expect(auditOf([honest, tampered])).toMatchObject({ kind: 'clean' });
  });

  it('tells the lower view of a fork first, whatever was committed at the places before', () => {
    const at = (view: number, sequence: number, digest: number) => ({ view, sequence, digest, signers: 7 });
    const fork = forkOf([at(0, 1, ONE), at(0, 2, ONE), at(1, 2, OTHER)]);
    expect(fork).toMatchObject({ first: { view: 0 }, second: { view: 1 } });
  });

  it('believes no statement whose signature is of something else', () => {
    const forged = { ...commit(0, 0, 1, OTHER), proof: commit(0, 0, 1, ONE).proof };
    const inAnothersName = { ...commit(0, 0, 1, OTHER), proof: prove(1, 'commit', 0, 1, OTHER) };
    expect(auditOf([commit(0, 0, 1, ONE), forged, inAnothersName])).toMatchObject({ kind: 'clean' });
  });

  it('accuses nobody where messages carry MACs', () => {
    const mac = (signer: number, digest: number): Message => {
      const statement = { type: 4, configuration: 0, view: 0, sequence: 1, digest };
      const proof = keysOf(signer).authenticate(statement, [0, 1, 2, 3]);
      return { kind: 'Commit', view: 0, sequence: 1, digest, proof } as Message;
    };
    const report = auditOf(
      [0, 1, 2].map((signer) => mac(signer, ONE)),
      [0, 1, 3].map((signer) => mac(signer, OTHER)),
    );
    expect(report).toMatchObject({ kind: 'no-proof', fork: undefined, accusations: [] });
    // One of the two has heard nothing.
    expect(auditOf([mac(0, ONE)])).toMatchObject({ kind: 'no-proof' });
    // A liar signs where nobody else does.
    const signed = [commit(0, 0, 1, ONE), commit(0, 0, 1, OTHER), mac(1, ONE)];
    const transcripts = [{ replica: 2, messages: signed }];
    expect(audit(transcripts, { ...TERMS, proofs: 'macs' }, NOTARY)).toMatchObject({
      kind: 'no-proof',
      accusations: [],
      statements: 0,
    });
  });

  it('says of a cluster that signs what it finds, though all that it reads is a forgery', () => {
    const forged = { ...commit(0, 0, 1, OTHER), proof: commit(0, 0, 1, ONE).proof };
    const transcripts = [{ replica: 2, messages: [forged] }];
    expect(audit(transcripts, { ...TERMS, proofs: 'signatures' }, NOTARY)).toMatchObject({ kind: 'clean' });
  });

  it('reads whatever it is handed without failing', () => {
    const junk = [undefined, null, 7, 'x', {}, { kind: 'Commit' }, { kind: 'NewView', viewChanges: 3 }];
    expect(auditOf(junk as unknown as Message[])).toMatchObject({ kind: 'clean' });
  });

  it('makes proofs that do not convict anybody once they are changed', () => {
    const { accusations } = auditOf(committed(0, ONE, [0, 1, 2]), committed(0, OTHER, [0, 1, 3]));
    const [accusation] = accusations;
    if (accusation === undefined) throw new Error('nobody is accused');
    expect(isProved(accusation, TERMS, NOTARY)).toBe(true);
    const [first, second] = accusation.evidence;
    if (first === undefined || second === undefined) throw new Error('two statements are expected');
    expect(isProved({ ...accusation, culprit: 2 }, TERMS, NOTARY)).toBe(false);
    expect(isProved({ ...accusation, evidence: [first] }, TERMS, NOTARY)).toBe(false);
    expect(isProved({ ...accusation, evidence: [first, first] }, TERMS, NOTARY)).toBe(false);
    const changed = { ...second, digest: second.digest + 1 };
    expect(isProved({ ...accusation, evidence: [first, changed] }, TERMS, NOTARY)).toBe(false);
  });

  it('tells all of its evidence as plain data', () => {
    const views = [0, 1, 3].map((signer) => viewChange(signer, 1));
    const record = auditRecord(
      auditOf(committed(0, ONE, [0, 1, 2]), [newView(1, 1, views, []), ...committed(1, OTHER, [0, 1, 3])]),
      4,
    );
    expect(structuredClone(record)).toEqual(record);
    expect(record.culprits[0]?.evidence.map(({ text }) => text)).toEqual([
      'COMMIT of batch 1 in view 0: 0000000b',
      'VIEW-CHANGE for view 1 from checkpoint 0: nothing prepared',
    ]);
  });
});
