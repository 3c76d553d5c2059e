/**
 * How a process proves what it says. Two kinds of proof: a *signature*, which anybody can check and pass on, and
 * a *MAC* for some receivers, which proves nothing to a third party (Castro and Liskov, TOCS 2002, §2.4.1 and §3).
 *
 * What is proved is a *statement* of five integers, so that a proof of one kind of message, configuration, view or
 * place is none of another: domains are separated by construction. Whoever speaks is in the proof itself.
 *
 * Keys belong to an *identity*. A process is its own identity unless a run says otherwise; two processes that
 * share one have the same keys, and nobody can tell which of them speaks.
 */

import type { ProcessId } from './process-id.js';

/**
 * Of what is said, in this order. Each is a whole number, `type`, `configuration`, `view`, `sequence` not negative.
 * An {@link Authenticator} copies what it needs: a caller may use one object for statement after statement.
 */
export interface Statement {
  /** Which kind of message: every protocol numbers its own. */
  readonly type: number;
  /** Number of the configuration, or epoch of it, in which it is said; 0 where there is one only. */
  readonly configuration: number;
  readonly view: number;
  readonly sequence: number;
  /** 32-bit content hash of all else, as the hash functions give it: signed. */
  readonly digest: number;
}

/** True when the five are as {@link Statement} wants them; only such a statement can be proved. */
export function isStatement({ type, configuration, view, sequence, digest }: Statement): boolean {
  return (
    isCount(type) && isCount(configuration) && isCount(view) && isCount(sequence) && (digest | 0) === digest
  );
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/**
 * Immutable, shared by forks, fit for messages and disk records. Nothing but an {@link Authenticator} makes one
 * that verifies. Its own enumerable fields say no more than who speaks, whatever cryptography stands behind it.
 */
export interface Proof {
  /** Identity of whoever made it. */
  readonly signer: ProcessId;
  /** A short text for {@link Replica.encode} and for traces: equal texts mean proofs of the same worth. */
  encode(): string;
}

/** The keys of one process. Synchronous; the same calls give the same answers. Keys outlive crashes. */
export interface Authenticator {
  /** A signature that everybody can verify. Keys of signatures last for ever. */
  sign(statement: Statement): Proof;
  /** A MAC for each of these receivers; nobody else can verify it, and no receiver can prove it to another. */
  authenticate(statement: Statement, receivers: readonly ProcessId[]): Proof;
  /**
   * True when `signer` made this proof of this statement, by a key that is in force, and this process can tell.
   * False for anything else, also for what is no proof at all.
   */
  verify(signer: ProcessId, statement: Statement, proof: Proof): boolean;
  /** As {@link verify}, and everybody else can tell, too: false for a MAC. */
  verifySignature(signer: ProcessId, statement: Statement, proof: Proof): boolean;
  /** How often this identity has chosen new keys for MACs to it. Never goes back, and survives crashes. */
  readonly keyEpoch: number;
  /**
   * Chooses new keys for MACs to this process: those made with older ones verify no more (new-key messages, TOCS
   * 2002, §4.3.1). Returns the new {@link keyEpoch}, which others must be told, in a signed message of the protocol.
   */
  refreshKeys(): number;
  /**
   * From now on, MACs to `receiver` are made with its keys of this epoch. False, and nothing changes, for an epoch
   * older than one already learnt or never chosen.
   */
  learnKeys(receiver: ProcessId, epoch: number): boolean;
}

/** All keys of a run. */
export interface Authentication {
  /** The keys of a process; the same object whenever it is asked for. */
  of(process: ProcessId): Authenticator;
  /** For a fork: proofs made on either side before and after go on verifying on both. */
  clone(): Authentication;
}

/** Whose keys a run needs, and what they are derived from. */
export interface KeyAssignment {
  /** Seed text of the run. */
  readonly seed: string;
  /** Identity of each process, by process: a number below the number of processes. */
  readonly identities: readonly ProcessId[];
}

export type AuthenticationFactory = (assignment: KeyAssignment) => Authentication;
