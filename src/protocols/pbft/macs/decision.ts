/**
 * The decision procedure of a new primary that has view changes with MACs (Castro's thesis, MIT-LCS-TR-817, chapter 3;
 * TOCS 2002, §5). Pure; the primary runs it on the view changes that are acknowledged, and every backup runs it again
 * on those that the new view names. Undefined means: wait for more.
 *
 * Let S be the view changes, at most one of each replica, and q and f + 1 as in quorum.ts.
 *
 * - The checkpoint: the highest (h, d) such that q messages of S have a stable checkpoint at or below h, and f + 1
 *   have (h, d) in C.
 * - For each place n in (h, h + L]:
 *   A: some message has (n, d, v) in P, and
 *     A1: q messages have a stable checkpoint below n, and of each the element of P for n, if it has one, is of a
 *         view below v, or of v with digest d;
 *     A2: f + 1 messages have (n, d, v') in Q with v' >= v:
 *     then d is chosen for n.
 *   B: else, if q messages have a stable checkpoint below n and no element of P for n: the null request.
 *   Neither: wait.
 *
 * The paper has n = 3f + 1, where q = 2f + 1. That q and f + 1 do for any n >= 3f + 1 with q = ceil((n + f + 1) / 2):
 *
 * Two sets of q share at least 2q - n >= f + 1 replicas, one of them correct; n - f >= q; and q - f >= f + 1.
 *
 * Safety. Let d be committed at n in view v: q replicas were prepared, and say so as long as their checkpoint is below
 * n. Claim: each later view chooses d at n, or begins at a checkpoint at or above n. Take the first view for which that
 * were wrong. Its q messages of A1 or B share with those q a correct replica, whose checkpoint is below n, and whose
 * element of P for n is (n, d, u) with u >= v, by the claim for the views between. So B does not hold. If A holds for
 * another digest in view w, then by A1 w > u (w = u would have its digest), and by A2 a correct replica has
 * pre-prepared it in a view w' >= w > v: against the claim for w'. Places above h + L: if something is committed
 * there, at least q - f correct replicas have a stable checkpoint above h, which leaves n - q + f < q messages for
 * A1 and B at h + 1: the procedure does not end. And a checkpoint that f + 1 have in C is one correct replica's own: its
 * state is that after all that was committed up to h.
 *
 * Liveness, once S has all correct replicas (n - f >= q): let h be the highest of their stable checkpoints. All of
 * them are at or below it; it was made stable by the word of q, so at least q - f >= f + 1 correct ones have it in C,
 * as they forget it only for a higher one (that a view begins at a checkpoint makes it stable for nobody: see
 * view-start.ts). At a place where no correct one is prepared, B holds. Else take the
 * correct one's element (n, d, v) of the highest view: A1 holds with all correct ones, as two correct replicas
 * prepared in one view are so for one digest (quorums again); and of the q that had pre-prepared it q - f >= f + 1 are
 * correct and have it in Q. (The bound on Q, see held.ts, is not in this argument; nor is it what the thesis does.)
 *
 * Not taken from the paper: its third condition A3, that the primary has the batch. A2 says that a correct replica
 * has pre-prepared it, so somebody has the batch; the primary fetches it as everybody else does, in the new view.
 */

import { NULL_DIGEST, type Sequence } from '../messages.js';
import type { Quorum } from '../quorum.js';
import type { Checkpointed, MacViewChange, Tuple } from './messages.js';

export interface Begin {
  readonly checkpoint: Checkpointed;
  /** From the place after the checkpoint on, without gaps; null requests that only B gives are left out at the end. */
  readonly choices: readonly Checkpointed[];
}

/** What all that is said about one place comes to. */
interface PlaceWord {
  /** Messages whose stable checkpoint is below it. */
  below: number;
  readonly prepared: Tuple[];
  readonly prePrepared: Tuple[];
}

/** Of view changes of distinct replicas, to one view. */
export function decideView(
  viewChanges: readonly MacViewChange[],
  quorum: Quorum,
  window: number,
): Begin | undefined {
  const checkpoint = chooseCheckpoint(viewChanges, quorum);
  if (checkpoint === undefined) return undefined;
  const low = checkpoint.sequence;
  const words = wordsOf(viewChanges, low, window);
  const choices: Checkpointed[] = [];
  let last = 0;
  for (let i = 0; i < window; i++) {
    const word = words[i] as PlaceWord;
    const byA = chooseByA(word, quorum);
    if (byA === undefined && word.below - word.prepared.length < quorum.strong) return undefined;
    choices.push({ sequence: low + 1 + i, digest: byA ?? NULL_DIGEST });
    if (byA !== undefined) last = i + 1;
  }
  return { checkpoint, choices: choices.slice(0, last) };
}

function chooseCheckpoint(viewChanges: readonly MacViewChange[], quorum: Quorum): Checkpointed | undefined {
  let best: Checkpointed | undefined;
  for (const { checkpoints } of viewChanges) {
    for (const checkpoint of checkpoints) {
      if (best !== undefined && !isBefore(best, checkpoint)) continue;
      if (isCheckpoint(viewChanges, quorum, checkpoint)) best = checkpoint;
    }
  }
  return best;
}

/** Higher sequences first; of one sequence, which no two pairs of correct replicas have, the lower digest. */
function isBefore(a: Checkpointed, b: Checkpointed): boolean {
  return a.sequence < b.sequence || (a.sequence === b.sequence && b.digest < a.digest);
}

function isCheckpoint(
  viewChanges: readonly MacViewChange[],
  quorum: Quorum,
  { sequence, digest }: Checkpointed,
): boolean {
  let reached = 0;
  let having = 0;
  for (const { stable, checkpoints } of viewChanges) {
    if (stable <= sequence) reached++;
    if (has(checkpoints, sequence, digest)) having++;
  }
  return reached >= quorum.strong && having >= quorum.weak;
}

function has(checkpoints: readonly Checkpointed[], sequence: Sequence, digest: number): boolean {
  return checkpoints.some((own) => own.sequence === sequence && own.digest === digest);
}

/** True when it is stable by these view changes: f + 1 say that it is, so that one correct replica knows; or q have it. */
export function isStableBy(
  viewChanges: readonly MacViewChange[],
  { sequence, digest }: Checkpointed,
  { weak, strong }: Quorum,
): boolean {
  const having = viewChanges.filter(({ checkpoints }) => has(checkpoints, sequence, digest));
  return having.length >= strong || having.filter(({ stable }) => stable === sequence).length >= weak;
}

/** By place: what those say whose stable checkpoint is below it. */
function wordsOf(viewChanges: readonly MacViewChange[], low: Sequence, window: number): PlaceWord[] {
  const words = Array.from({ length: window }, (): PlaceWord => ({
    below: 0,
    prepared: [],
    prePrepared: [],
  }));
  for (const { stable, prepared, prePrepared } of viewChanges) {
    for (let i = Math.max(0, stable - low); i < window; i++) (words[i] as PlaceWord).below++;
    for (const tuple of prepared) words[tuple.sequence - low - 1]?.prepared.push(tuple);
    for (const tuple of prePrepared) words[tuple.sequence - low - 1]?.prePrepared.push(tuple);
  }
  return words;
}

/** The digest of the highest view that satisfies A1 and A2; of two in one view the lower digest. */
function chooseByA(word: PlaceWord, quorum: Quorum): number | undefined {
  if (word.prepared.length === 0) return undefined;
  const candidates = word.prepared.slice().sort((a, b) => b.view - a.view || a.digest - b.digest);
  for (const candidate of candidates) {
    if (satisfiesA1(word, candidate, quorum) && satisfiesA2(word, candidate, quorum)) return candidate.digest;
  }
  return undefined;
}

function satisfiesA1({ below, prepared }: PlaceWord, { view, digest }: Tuple, { strong }: Quorum): boolean {
  let against = 0;
  for (const other of prepared) {
    if (other.view > view || (other.view === view && other.digest !== digest)) against++;
  }
  return below - against >= strong;
}

function satisfiesA2({ prePrepared }: PlaceWord, { view, digest }: Tuple, { weak }: Quorum): boolean {
  let having = 0;
  for (const other of prePrepared) if (other.digest === digest && other.view >= view) having++;
  return having >= weak;
}
