/**
 * Ideal signatures and MACs: a proof is a token that only this file can mint, and to verify it is to compare
 * integers. Nobody can forge one, not even by breaking into a process that is not its signer; that is the usual
 * assumption about cryptography, and it costs nanoseconds.
 *
 * What a token says lies in fields that JavaScript itself hides (`#`): an object built by hand has none of them,
 * and one that is built with the token's own constructor lacks the mint, which no object gives away.
 */

import {
  assert,
  isStatement,
  type Authentication,
  type KeyAssignment,
  type ProcessId,
  type Proof,
  type Statement,
} from '../kernel/index.js';
import { KeyedAuthenticator, ProcessKeys } from './authentication.js';
import { MacKeys } from './mac-keys.js';
import { macText, signatureText } from './proof-text.js';

/** One for each run, shared by its forks; known by its identity alone. */
type Mint = object;

/** Receivers below this are bits of a mask. */
const MASK_BITS = 32;
const NOBODY: readonly ProcessId[] = [];

class IdealProof implements Proof {
  readonly signer: ProcessId;
  readonly #mint: Mint;
  readonly #signer: ProcessId;
  readonly #type: number;
  readonly #configuration: number;
  readonly #view: number;
  readonly #sequence: number;
  readonly #digest: number;
  /** Receivers of a MAC: those below {@link MASK_BITS} as bits, the others as they are. */
  readonly #mask: number;
  readonly #others: readonly ProcessId[];
  /** Of the keys of a MAC, by receiver; undefined for a signature. */
  readonly #epochs: readonly number[] | undefined;

  constructor(
    mint: Mint,
    signer: ProcessId,
    statement: Statement,
    mask: number,
    others: readonly ProcessId[],
    epochs: readonly number[] | undefined,
  ) {
    this.signer = signer;
    this.#mint = mint;
    this.#signer = signer;
    this.#type = statement.type;
    this.#configuration = statement.configuration;
    this.#view = statement.view;
    this.#sequence = statement.sequence;
    this.#digest = statement.digest;
    this.#mask = mask;
    this.#others = others;
    this.#epochs = epochs;
  }

  /** Whether `proof` is a token of this mint by which `signer` proves the statement to a receiver. */
  static proves(
    proof: unknown,
    mint: Mint,
    signer: ProcessId | undefined,
    statement: Statement,
    receiver: ProcessId,
    epoch: number,
  ): boolean {
    return (
      typeof proof === 'object' &&
      proof !== null &&
      #mint in proof &&
      proof.#mint === mint &&
      proof.#signer === signer &&
      proof.#digest === statement.digest &&
      proof.#sequence === statement.sequence &&
      proof.#view === statement.view &&
      proof.#type === statement.type &&
      proof.#configuration === statement.configuration &&
      (proof.#epochs === undefined || (proof.#isFor(receiver) && proof.#epochs[receiver] === epoch))
    );
  }

  /** False for a MAC, and for what is no proof. */
  static isSignature(proof: unknown): boolean {
    return typeof proof === 'object' && proof !== null && #mint in proof && proof.#epochs === undefined;
  }

  encode(): string {
    const statement: Statement = {
      type: this.#type,
      configuration: this.#configuration,
      view: this.#view,
      sequence: this.#sequence,
      digest: this.#digest,
    };
    if (this.#epochs === undefined) return signatureText(this.#signer, statement);
    const receivers = Array.from(this.#epochs.keys()).filter((receiver) => this.#isFor(receiver));
    return macText(this.#signer, statement, receivers, this.#epochs);
  }

  #isFor(receiver: ProcessId): boolean {
    return receiver < MASK_BITS ? ((this.#mask >>> receiver) & 1) === 1 : this.#others.includes(receiver);
  }
}

class IdealAuthenticator extends KeyedAuthenticator {
  readonly #mint: Mint;

  constructor(mint: Mint, process: ProcessId, keys: MacKeys) {
    super(process, keys);
    this.#mint = mint;
  }

  override sign(statement: Statement): Proof {
    assert(isStatement(statement), 'a statement is five whole numbers');
    return new IdealProof(this.#mint, this.identity, statement, 0, NOBODY, undefined);
  }

  override authenticate(statement: Statement, receivers: readonly ProcessId[]): Proof {
    assert(isStatement(statement), 'a statement is five whole numbers');
    let mask = 0;
    let others: ProcessId[] | undefined = undefined;
    for (let i = 0; i < receivers.length; i++) {
      const identity = this.keys.identityOf(receivers[i] as ProcessId);
      if (identity < MASK_BITS) mask |= 1 << identity;
      else (others ??= []).push(identity);
    }
    const epochs = this.keys.knownTo(this.process);
    return new IdealProof(this.#mint, this.identity, statement, mask, others ?? NOBODY, epochs);
  }

  override verify(signer: ProcessId, statement: Statement, proof: Proof): boolean {
    const { keys, identity } = this;
    const epoch = keys.epochOf(identity);
    return IdealProof.proves(proof, this.#mint, keys.identities[signer], statement, identity, epoch);
  }

  override verifySignature(signer: ProcessId, statement: Statement, proof: Proof): boolean {
    return IdealProof.isSignature(proof) && this.verify(signer, statement, proof);
  }
}

/** Needs no seed: there is no key to derive. */
export function idealAuthentication({ identities }: KeyAssignment): Authentication {
  const mint: Mint = {};
  return new ProcessKeys(
    new MacKeys(identities),
    (process, keys) => new IdealAuthenticator(mint, process, keys),
  );
}
