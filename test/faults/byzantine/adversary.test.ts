// What the corrupted take for a view change, by what replicas report.

import { beforeEach, describe, expect, it } from 'vitest';
import { Adversary } from '../../../src/faults/byzantine/adversary.js';
import { Digest, RandomChoices } from '../../../src/kernel/index.js';
import { PBFT_ATTACK_SURFACE, parsePbftSettings } from '../../../src/protocols/pbft/index.js';
import { idealAuthentication } from '../../../src/world/index.js';

const BRIEF = {
  plan: [],
  borne: 1,
  surface: PBFT_ATTACK_SURFACE,
  settings: parsePbftSettings({}),
  servers: 4,
  members: [0, 1, 2, 3],
};

it('a replica that has lost its promises counts among those that are borne until all have new keys for it', () => {
  const damaged = new Set([3]);
  const adversary = Adversary.create(BRIEF, {
    choices: new RandomChoices('1', new Digest()),
    authentication: idealAuthentication({ seed: '', identities: [0, 1, 2, 3] }),
    now: 0,
    isDamaged: (server) => damaged.has(server),
    note: () => undefined,
  });
  const number = 1;
  adversary.heard(3, { kind: 'proactive-recovery', phase: 'begun', number });
  for (const witness of [0, 1])
    adversary.heard(witness, { kind: 'keys-refreshed', epoch: 1, records: 0, recovering: 3, number });
  adversary.heard(3, { kind: 'proactive-recovery', phase: 'completed', number });
  damaged.delete(3);
  expect(adversary.mayCorrupt(0)).toBe(false);
  adversary.heard(2, { kind: 'keys-refreshed', epoch: 1, records: 0, recovering: 3, number });
  expect(adversary.mayCorrupt(0)).toBe(true);
});

describe('a view is being changed', () => {
  let adversary: Adversary;

  const leads = (process: number, term: number): void => {
    adversary.heard(process, { kind: 'became-leader', term, lastIndex: 0 });
  };
  const follows = (process: number, term: number): void => {
    adversary.heard(process, { kind: 'became-follower', term });
  };
  const leaves = (process: number, term: number): void => {
    adversary.heard(process, { kind: 'term-changed', term });
  };

  beforeEach(() => {
    adversary = Adversary.create(BRIEF, {
      choices: new RandomChoices('1', new Digest()),
      authentication: idealAuthentication({ seed: '', identities: [0, 1, 2, 3] }),
      now: 0,
      isDamaged: () => false,
      note: () => undefined,
    });
    leads(0, 0);
    for (const backup of [1, 2, 3]) follows(backup, 0);
  });

  it('from when a backup leaves until the next primary begins', () => {
    expect(adversary.isChangingView).toBe(false);
    leaves(2, 1);
    expect(adversary.isChangingView).toBe(true);
    leads(1, 1);
    expect(adversary.isChangingView).toBe(false);
  });

  it('also after the primary has left, who follows in a view that has not begun', () => {
    leaves(0, 1);
    follows(0, 1);
    expect(adversary.isChangingView).toBe(true);
    expect(adversary.clone(adversary.world).isChangingView).toBe(true);
    follows(0, 1);
    expect(adversary.isChangingView).toBe(false);
  });

  it('in a fork as in its original, which is between the two reports', () => {
    leaves(0, 1);
    const copy = adversary.clone(adversary.world);
    copy.heard(0, { kind: 'became-follower', term: 1 });
    expect(copy.isChangingView).toBe(true);
  });

  it('until the first correct backup enters, when the primary is corrupted', () => {
    adversary.corrupt(1);
    leaves(2, 1);
    leads(1, 1);
    expect(adversary.isChangingView).toBe(true);
    follows(2, 1);
    expect(adversary.isChangingView).toBe(false);
  });

  it('no more when a straggler leaves for a view that others are in', () => {
    leaves(2, 1);
    leads(1, 1);
    leaves(3, 1);
    expect(adversary.isChangingView).toBe(false);
    leaves(3, 2);
    expect(adversary.isChangingView).toBe(true);
  });

  it('and a primary that was passed by, or has started anew, enters like any backup', () => {
    leaves(2, 1);
    follows(0, 1);
    expect(adversary.isChangingView).toBe(false);
    leads(2, 2);
    adversary.heard(2, { kind: 'recovered', term: 2, lastIndex: 0, trusted: true });
    leaves(2, 3);
    follows(2, 3);
    expect(adversary.isChangingView).toBe(false);
  });
});
