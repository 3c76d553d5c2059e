/**
 * How a process proves what it says. Two kinds of proof: a *signature*, which anybody can check and pass on, and
 * a *MAC* for some receivers, which proves nothing to a third party (Castro and Liskov, TOCS 2002, §2.4.1 and §3).
 *
 * What is proved is a *statement* of five integers, so that a proof of one kind of message, configuration, view or
 * place is none of another: domains are separated by construction. Whoever speaks is in the proof itself.
 */

import type { ProcessId } from './contracts.js';

/** Of what is said, in this order. Each is a whole number, `type`, `configuration`, `view`, `sequence` not negative. */
export interface Statement {
  /** Which kind of message: every protocol numbers its own. */
  readonly type: number;
  /** Number of the configuration, or epoch of it, in which it is said; 0 where there is one only. */
  readonly configuration: number;
  readonly view: number;
  readonly sequence: number;
  /** 32-bit content hash of all else. */
  readonly digest: number;
}

/** Immutable. Nothing but an {@link Authenticator} makes one that verifies. */
export interface Proof {
  readonly signer: ProcessId;
}

/** The keys of one process. Synchronous; the same calls give the same answers. */
export interface Authenticator {
  /** A signature that everybody can verify. */
  sign(statement: Statement): Proof;
  /** A MAC for each of these receivers; nobody else can verify it, and no receiver can prove it to another. */
  authenticate(statement: Statement, receivers: readonly ProcessId[]): Proof;
  /** True when `signer` made this proof of this statement, by a key that is in force, and this process can tell. */
  verify(signer: ProcessId, statement: Statement, proof: Proof): boolean;
}
