/**
 * Accountability: who broke agreement, by proofs that anybody can check.
 *
 * For a fork with at most 2f faulty replicas, the transcripts of two correct replicas that disagree convict at least
 * f + 1 (Sheng, Wang, Nayak, Kannan, Viswanath, "BFT Protocol Forensics", CCS 2021: PBFT with signatures):
 *
 * - *One view*: both commit quorums share f + 1 replicas, each of which voted for two digests in it.
 * - *Two views v < v'*: take the first new view after v that does not propose the batch committed in v again. Its
 *   view changes and the commits of v share f + 1 replicas, each of which left the certificate out; or the new view
 *   does not follow from its view changes.
 *
 * In the second case the chain of new views must be at hand. Who decided by others' word alone may not have all of
 * it: then further transcripts are asked for, one after another. And who has come to its branch by a fetched state alone
 * has no commits of it: checkpoints are not read as evidence, so that fork shows in the transcript of one that has
 * committed there, of which there is a correct one in every quorum with at most 2f faulty. MACs convince their receivers
 * only: of them nothing follows, and nobody is accused.
 */

import { accuse, type Accusation } from './accuse.js';
import { Archive, type Notary, type Transcript } from './archive.js';
import { configurationIn, type AuditTerms } from './chain.js';
import { commitmentsOf, forkOf, type Commitment, type Fork } from './fork.js';

export interface AuditReport {
  /**
   * `clean`: no fork, and nobody is guilty of anything. `guilt`: no fork, but somebody is. `fork`: see `isEnough`.
   * `no-proof`: replicas sign nothing, so that no proof is possible.
   */
  readonly kind: 'clean' | 'guilt' | 'fork' | 'no-proof';
  readonly fork: Fork | undefined;
  /** One for each culprit, the plainest charge against it, ascending. */
  readonly accusations: readonly Accusation[];
  /** Whose transcripts were used. */
  readonly asked: readonly number[];
  /** f + 1: as many culprits are named at least when there is a fork and at most 2f replicas are faulty. */
  readonly promised: number;
  /** Signed statements that were read. */
  readonly statements: number;
}

/** Of at least one transcript; those of faulty replicas do no harm, but may be of no use. */
export function audit(transcripts: readonly Transcript[], terms: AuditTerms, notary: Notary): AuditReport {
  const handed = transcripts.map((transcript) => ({
    replica: transcript.replica,
    archive: Archive.of(transcript, notary),
  }));
  const auditor = new Auditor(handed, terms, notary);
  return auditor.report();
}

interface Handed {
  readonly replica: number;
  readonly archive: Archive;
}

class Auditor {
  private asked: Handed[] = [];
  private fork: Fork | undefined = undefined;
  private accusations: readonly Accusation[] = [];
  private statements = 0;

  constructor(
    private readonly handed: readonly Handed[],
    private readonly terms: AuditTerms,
    private readonly notary: Notary,
  ) {}

  report(): AuditReport {
    if (this.isUnsigned()) return this.reportOf('no-proof');
    this.asked = this.pairThatDisagrees() ?? this.handed.slice();
    this.read();
    if (this.fork === undefined) return this.reportOf(this.accusations.length > 0 ? 'guilt' : 'clean');
    for (const other of this.handed) {
      if (this.accusations.length >= this.promised) break;
      if (this.asked.includes(other)) continue;
      this.asked.push(other);
      this.read();
    }
    return this.reportOf('fork');
  }

  private get promised(): number {
    const { fork, terms } = this;
    const where = fork === undefined ? undefined : configurationIn(terms, fork.first.view);
    return (where?.quorum ?? terms.quorum).f + 1;
  }

  /** A liar may sign what nobody else does: where the cluster is known to use MACs, that is no evidence against it. */
  private isUnsigned(): boolean {
    const { proofs } = this.terms;
    if (proofs !== undefined) return proofs === 'macs';
    const archives = this.handed.map(({ archive }) => archive);
    return archives.every(({ size }) => size === 0) && archives.some(({ unproved }) => unproved > 0);
  }

  /** The first two of which each holds a quorum's commits, for different batches at one place. */
  private pairThatDisagrees(): Handed[] | undefined {
    const held = this.handed.map(({ archive }) => this.commitments(archive));
    for (let i = 0; i < held.length; i++) {
      for (let j = i + 1; j < held.length; j++) {
        if (
          forkOf([...(held[i] as Commitment[]), ...(held[j] as Commitment[])].sort(bySequence)) === undefined
        )
          continue;
        return [this.handed[i] as Handed, this.handed[j] as Handed];
      }
    }
    return undefined;
  }

  private commitments(archive: Archive): Commitment[] {
    return commitmentsOf(archive.all(), this.terms);
  }

  private read(): void {
    const archives = this.asked.map(({ archive }) => archive);
    const testimonies = Archive.union(archives, this.notary).all();
    this.statements = testimonies.length;
    this.fork = forkOf(commitmentsOf(testimonies, this.terms));
    this.accusations = accuse(testimonies, this.terms);
  }

  private reportOf(kind: AuditReport['kind']): AuditReport {
    const { fork, accusations, promised, statements } = this;
    const asked = this.asked.map(({ replica }) => replica).sort((a, b) => a - b);
    return { kind, fork, accusations, asked, promised, statements };
  }
}

function bySequence(a: Commitment, b: Commitment): number {
  return a.sequence - b.sequence || a.view - b.view || a.digest - b.digest;
}
