/**
 * The laws of authentication, ideal or real: a proof verifies exactly when signer, statement and receiver fit, and
 * nothing that was not made by an authenticator ever does.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type {
  Authentication,
  AuthenticationFactory,
  ProcessId,
  Proof,
  Statement,
} from '../../src/kernel/index.js';

/** More than 32, so that receivers of both representations occur. */
const PROCESSES = 40;
const FIELDS = ['type', 'configuration', 'view', 'sequence', 'digest'] as const;

/** Small ones, for accidental equality; large ones, for what does not fit 32 bits. */
const count = fc.oneof(fc.nat(3), fc.maxSafeNat());
const digest = fc.oneof(fc.nat(3), fc.integer());
const statement: fc.Arbitrary<Statement> = fc.record({
  type: count,
  configuration: count,
  view: count,
  sequence: count,
  digest,
});
const process = fc.oneof(fc.nat(3), fc.integer({ min: 29, max: 34 }), fc.nat(PROCESSES - 1));
const receivers = fc.array(process, { maxLength: 6 });
/** One of the five, and another value for it. */
const change = fc.oneof(
  fc.tuple(fc.constantFrom(...FIELDS.slice(0, 4)), count),
  fc.tuple(fc.constant('digest' as const), digest),
);
/** What is no statement, however it is compared. */
const unsayable = fc.tuple(
  fc.constantFrom(...FIELDS),
  fc.constantFrom(NaN, Infinity, 0.5, 2 ** 53, -(2 ** 31) - 1),
);

const same = (a: Statement, b: Statement): boolean => FIELDS.every((field) => a[field] === b[field]);

export function checkLaws(name: string, create: AuthenticationFactory, numRuns: number): void {
  const all = Array.from({ length: PROCESSES }, (_, i) => i);
  const make = (seed = 'laws', identities: readonly ProcessId[] = all): Authentication =>
    create({ seed, identities });
  const shared = make();
  const law = (title: string, body: () => void): void => test(`${name} authentication: ${title}`, body);
  const holds = <Ts extends [unknown, ...unknown[]]>(property: fc.IProperty<Ts>): void =>
    fc.assert(property, { numRuns });

  describe('laws', () => {
    law(
      'a signature verifies for everybody, exactly when signer and statement are those it was made of',
      () => {
        holds(
          fc.property(
            process,
            process,
            process,
            statement,
            statement,
            (signer, named, verifier, said, asked) => {
              const proof = shared.of(signer).sign(said);
              expect(proof.signer).toBe(signer);
              const { verify } = bound(shared, verifier);
              expect(verify(signer, said, proof)).toBe(true);
              expect(verify(named, said, proof)).toBe(named === signer);
              expect(verify(signer, asked, proof)).toBe(same(said, asked));
            },
          ),
        );
      },
    );

    law('a MAC verifies for its receivers only, and not even for its maker', () => {
      holds(
        fc.property(process, process, receivers, process, statement, (signer, named, to, verifier, said) => {
          const proof = shared.of(signer).authenticate(said, to);
          const { verify } = bound(shared, verifier);
          expect(verify(signer, said, proof)).toBe(to.includes(verifier));
          expect(verify(named, said, proof)).toBe(named === signer && to.includes(verifier));
          for (const receiver of to) expect(shared.of(receiver).verify(signer, said, proof)).toBe(true);
        }),
      );
    });

    law('another value of any one of the five integers is another statement', () => {
      holds(
        fc.property(process, process, statement, change, (signer, verifier, said, [field, value]) => {
          fc.pre(said[field] !== value);
          const { verify } = bound(shared, verifier);
          for (const proof of [
            shared.of(signer).sign(said),
            shared.of(signer).authenticate(said, [verifier]),
          ]) {
            // Before and after it has verified what it proves: what is remembered must not be believed of others.
            expect(verify(signer, { ...said, [field]: value }, proof)).toBe(false);
            expect(verify(signer, said, proof)).toBe(true);
            expect(verify(signer, { ...said, [field]: value }, proof)).toBe(false);
            expect(verify(signer, said, proof)).toBe(true);
          }
        }),
      );
    });

    law('two of the five integers are never exchanged', () => {
      const pair = fc.tuple(fc.constantFrom(...FIELDS), fc.constantFrom(...FIELDS));
      const said = { type: 1, configuration: 2, view: 3, sequence: 4, digest: 5 };
      holds(
        fc.property(pair, ([a, b]) => {
          fc.pre(a !== b);
          const proof = shared.of(0).sign(said);
          expect(shared.of(1).verify(0, { ...said, [a]: said[b], [b]: said[a] }, proof)).toBe(false);
        }),
      );
    });

    law('what is no statement is neither proved nor verified', () => {
      holds(
        fc.property(statement, unsayable, (said, [field, value]) => {
          const wrong = { ...said, [field]: value };
          expect(() => shared.of(0).sign(wrong)).toThrow('a statement is five whole numbers');
          expect(() => shared.of(0).authenticate(wrong, [1])).toThrow('a statement is five whole numbers');
          expect(shared.of(1).verify(0, wrong, shared.of(0).sign(said))).toBe(false);
        }),
      );
    });

    law('an object made by hand never verifies, and never throws', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      for (const genuine of [shared.of(0).sign(said), shared.of(0).authenticate(said, [1])]) {
        const forgeries: readonly unknown[] = [
          { signer: 0, encode: () => genuine.encode() },
          { ...genuine, ...said },
          Object.assign(Object.create(Object.getPrototypeOf(genuine) as object) as object, genuine),
          Object.create(genuine),
          new Proxy(genuine, {}),
          structuredClone(genuine),
          ...constructedByHand(genuine, said),
        ];
        for (const forged of forgeries) expect(shared.of(1).verify(0, said, forged as Proof)).toBe(false);
        expect(shared.of(1).verify(0, said, genuine)).toBe(true);
      }
      holds(
        fc.property(fc.anything(), fc.record({ signer: process }), (value, lookalike) => {
          expect(shared.of(1).verify(0, said, value as Proof)).toBe(false);
          expect(shared.of(1).verify(lookalike.signer, said, lookalike as Proof)).toBe(false);
        }),
      );
    });

    law('whoever does not exist has proved nothing', () => {
      const said: Statement = { type: 0, configuration: 0, view: 0, sequence: 0, digest: 0 };
      const proof = shared.of(0).sign(said);
      for (const signer of [-1, PROCESSES, 0.5, NaN])
        expect(shared.of(1).verify(signer, said, proof)).toBe(false);
      expect(() => shared.of(0).authenticate(said, [PROCESSES])).toThrow('does not exist');
      expect(() => shared.of(PROCESSES)).toThrow('does not exist');
    });

    law('changing what can be changed of a proof changes nothing', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      const mutable = { ...said };
      const to = [1];
      const proofs = [shared.of(0).sign(mutable), shared.of(0).authenticate(mutable, to)];
      mutable.view = 9;
      to[0] = 2;
      for (const proof of proofs) {
        (proof as { signer: number }).signer = 3;
        expect(shared.of(1).verify(0, said, proof)).toBe(true);
        expect(shared.of(1).verify(3, said, proof)).toBe(false);
        expect(shared.of(1).verify(0, mutable, proof)).toBe(false);
        expect(proof.encode()).toMatch(/^0:/);
      }
      expect(shared.of(2).verify(0, said, proofs[1] as Proof)).toBe(false);
    });

    law('a proof of another run is worth nothing', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      const [here, there] = [make('here'), make('there')];
      const proofs = [here.of(0).sign(said), here.of(0).authenticate(said, [1])];
      for (const proof of proofs) {
        expect(here.of(1).verify(0, said, proof)).toBe(true);
        expect(there.of(1).verify(0, said, proof)).toBe(false);
      }
    });

    law('equal texts mean equal proofs', () => {
      const made = fc.record({ signer: fc.nat(2), to: fc.option(fc.array(fc.nat(2))), said: smallStatement });
      const text = ({ signer, to, said }: typeof made extends fc.Arbitrary<infer T> ? T : never): string =>
        (to === null ? shared.of(signer).sign(said) : shared.of(signer).authenticate(said, to)).encode();
      const meaning = ({ signer, to, said }: Parameters<typeof text>[0]): string =>
        JSON.stringify([signer, to && [...new Set(to)].sort(), FIELDS.map((field) => said[field])]);
      holds(
        fc.property(made, made, (a, b) => {
          expect(text(a) === text(b)).toBe(meaning(a) === meaning(b));
        }),
      );
    });

    law('texts are short and say who proves what to whom', () => {
      const said: Statement = { type: 1, configuration: 0, view: 4, sequence: 17, digest: 0x1a2b3c4d };
      const keys = make();
      keys.of(35).refreshKeys();
      keys.of(3).learnKeys(35, 1);
      expect(keys.of(3).sign(said).encode()).toBe('3:sig(1,0,4,17,1a2b3c4d)');
      expect(keys.of(3).authenticate(said, [35, 2, 0, 2]).encode()).toBe('3:mac>0,2,35@1(1,0,4,17,1a2b3c4d)');
    });

    law('own enumerable fields are the same whatever is proved', () => {
      holds(
        fc.property(statement, receivers, (said, to) => {
          expect(Object.entries(shared.of(2).sign(said))).toEqual([['signer', 2]]);
          expect(Object.entries(shared.of(2).authenticate(said, to))).toEqual([['signer', 2]]);
        }),
      );
    });

    law('of MACs, those with the keys of the latest epoch verify', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      const keys = make();
      const [sender, receiver, other] = [keys.of(0), keys.of(33), keys.of(2)];
      const mac = (): Proof => sender.authenticate(said, [33, 2]);
      const before = mac();
      const signature = receiver.sign(said);
      expect(receiver.refreshKeys()).toBe(1);
      expect([receiver.keyEpoch, other.keyEpoch]).toEqual([1, 0]);
      expect(receiver.verify(0, said, before)).toBe(false);
      expect(other.verify(0, said, before)).toBe(true);
      expect(receiver.verify(0, said, mac())).toBe(false); // the sender does not know yet
      expect(sender.learnKeys(33, 1)).toBe(true);
      expect(receiver.verify(0, said, mac())).toBe(true);
      expect(other.verify(0, said, mac())).toBe(true);
      expect(receiver.verify(0, said, before)).toBe(false);
      expect(other.verify(33, said, signature)).toBe(true); // keys of signatures last
      expect(receiver.verify(33, said, receiver.authenticate(said, [33]))).toBe(true); // it knows its own
    });

    law('of epochs, neither older ones than known nor such as were never chosen are learnt', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      const keys = make();
      const [sender, receiver] = [keys.of(0), keys.of(1)];
      receiver.refreshKeys();
      receiver.refreshKeys();
      const taken = [3, 2, 1, 0, 2, 0.5, NaN, -1].map((epoch) => sender.learnKeys(1, epoch));
      expect(taken).toEqual([false, true, false, false, true, false, false, false]);
      expect(sender.learnKeys(PROCESSES, 0)).toBe(false);
      expect(receiver.verify(0, said, sender.authenticate(said, [1]))).toBe(true);
      receiver.refreshKeys();
      expect(receiver.verify(0, said, sender.authenticate(said, [1]))).toBe(false);
    });

    law('a MAC made in advance does not verify when its epoch comes', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      const keys = make();
      keys.of(0).learnKeys(1, 1);
      const early = keys.of(0).authenticate(said, [1]);
      expect(keys.of(1).verify(0, said, early)).toBe(true);
      keys.of(1).refreshKeys();
      expect(keys.of(1).verify(0, said, early)).toBe(false);
    });

    law('forks verify proofs of each other, and choose keys apart', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      const keys = make();
      keys.of(1).refreshKeys();
      keys.of(0).learnKeys(1, 1);
      const fork = keys.clone();
      const before = keys.of(0).authenticate(said, [1]);
      expect(fork.of(1).verify(0, said, before)).toBe(true);
      expect(keys.of(1).verify(0, said, fork.of(0).authenticate(said, [1]))).toBe(true);
      expect(keys.of(1).verify(2, said, fork.of(2).sign(said))).toBe(true);
      expect(fork.of(1).refreshKeys()).toBe(2);
      expect(keys.of(1).keyEpoch).toBe(1);
      expect(fork.of(1).verify(0, said, before)).toBe(false);
      expect(keys.of(1).verify(0, said, before)).toBe(true);
      expect(fork.of(0).learnKeys(1, 2)).toBe(true);
      expect(keys.of(0).learnKeys(1, 2)).toBe(false);
    });

    law('processes that share an identity cannot be told apart', () => {
      const said: Statement = { type: 1, configuration: 0, view: 2, sequence: 3, digest: 4 };
      const keys = make('twins', [0, 1, 2, 1]);
      const byTwin = keys.of(3).sign(said);
      expect(byTwin.signer).toBe(1);
      expect(byTwin.encode()).toBe(keys.of(1).sign(said).encode());
      expect(keys.of(0).verify(1, said, byTwin)).toBe(true);
      expect(keys.of(0).verify(2, said, byTwin)).toBe(false);
      const toTwin = keys.of(0).authenticate(said, [1]);
      expect([1, 2, 3].map((process) => keys.of(process).verify(0, said, toTwin))).toEqual([
        true,
        false,
        true,
      ]);
      keys.of(3).refreshKeys();
      expect(keys.of(1).keyEpoch).toBe(1);
    });

    law('an identity is the number of a process', () => {
      for (const identities of [[0, 2], [0, -1], [0.5]])
        expect(() => make('wrong', identities)).toThrow('an identity is the number of a process');
    });
  });
}

const smallStatement: fc.Arbitrary<Statement> = fc.record({
  type: fc.nat(1),
  configuration: fc.constant(0),
  view: fc.nat(1),
  sequence: fc.nat(1),
  digest: fc.integer({ min: -1, max: 0 }),
});

function bound(keys: Authentication, process: ProcessId): Pick<ReturnType<Authentication['of']>, 'verify'> {
  const authenticator = keys.of(process);
  return { verify: (signer, said, proof) => authenticator.verify(signer, said, proof) };
}

/** The class of a genuine proof can be reached; what it makes, if anything, must be worthless. */
function constructedByHand(genuine: Proof, said: Statement): unknown[] {
  const Constructor = genuine.constructor as new (...parameters: unknown[]) => unknown;
  const attempts: (readonly unknown[])[] = [
    [],
    [{}, 0, said, 0, [], undefined],
    [undefined, 0, said, 0, [], undefined],
    [genuine, 0, said, new Uint8Array(64)],
    [Symbol('maker of proofs'), 0, said, new Map([[1, new Uint8Array(8)]]), [0, 0]],
  ];
  return attempts.flatMap((parameters) => {
    try {
      return [new Constructor(...parameters)];
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
      return [];
    }
  });
}
