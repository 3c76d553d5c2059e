/** Whether transcripts show a fork: two quorums that have committed different batches to one place. */

import { StatementType, sizeOf, type Sequence, type View } from '../../../protocols/pbft/index.js';
import { configurationIn, isInForce, type AuditTerms } from './chain.js';
import type { Testimony } from './testimony.js';

/** A commit certificate. */
export interface Commitment {
  readonly view: View;
  readonly sequence: Sequence;
  readonly digest: number;
  /** Set of replicas. */
  readonly signers: number;
}

export interface Fork {
  readonly sequence: Sequence;
  /** Of the lower view, or of the lower digest in the same one. */
  readonly first: Commitment;
  readonly second: Commitment;
}

/**
 * Every batch that a quorum has committed where its configuration is in force, in order of sequence, view, digest. What
 * an old configuration has committed after its end is executed by nobody.
 */
export function commitmentsOf(testimonies: readonly Testimony[], terms: AuditTerms): Commitment[] {
  const found = new Map<string, { view: View; sequence: Sequence; digest: number; signers: number }>();
  for (const { type, view, sequence, digest, signer } of testimonies) {
    if (type !== StatementType.commit) continue;
    const configuration = configurationIn(terms, view);
    if (configuration?.members.includes(signer) !== true) continue;
    if (!isInForce(terms, configuration.number, sequence)) continue;
    const key = `${view} ${sequence} ${digest}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { view, sequence, digest, signers: 1 << signer });
    else known.signers |= 1 << signer;
  }
  return [...found.values()]
    .filter(({ view, signers }) => sizeOf(signers) >= strongQuorum(terms, view))
    .sort((a, b) => a.sequence - b.sequence || a.view - b.view || a.digest - b.digest);
}

function strongQuorum(terms: AuditTerms, view: View): number {
  return configurationIn(terms, view)?.quorum.strong ?? Infinity;
}

/** The fork at the lowest place; undefined when there is none. Ordered as {@link commitmentsOf} leaves them. */
export function forkOf(commitments: readonly Commitment[]): Fork | undefined {
  for (let i = 1; i < commitments.length; i++) {
    const second = commitments[i] as Commitment;
    const { sequence } = second;
    const before = commitments.slice(0, i);
    const first = before.find((other) => other.sequence === sequence && other.digest !== second.digest);
    if (first !== undefined) return { sequence, first, second };
  }
  return undefined;
}
