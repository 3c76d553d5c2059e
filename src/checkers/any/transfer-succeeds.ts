/** Transfers of leadership reach their target, where a scenario promises it. */

import { formatMicros, type ProcessId, type TransferOutcome } from '../../kernel/index.js';
import { processName } from '../names.js';
import { LivenessChecker, livenessInfo } from './liveness-checker.js';

export const TRANSFER_SUCCEEDS = livenessInfo(
  'transfer-succeeds',
  'Where a scenario promises it, leadership goes to the server that it is handed to.',
  'Let P be the bound on progress. If the scenario promises that transfers succeed: after a leader of term t has started a transfer to a server, at time P of the run or later, that server is the next to become leader in a term after t, before the transfer is given up and, if the run goes on for so long, within P. Not judged when one of the two was down in the meantime. Judged when a transfer times out, when somebody becomes leader, and at the end.',
  'No fault and no loss; every message and sync takes far less than an election time-out; every server that leadership is handed to votes',
  'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §3.10',
);

export class TransferSucceeds extends LivenessChecker {
  override readonly info = TRANSFER_SUCCEEDS;

  onStarted(leader: ProcessId, term: number, to: ProcessId): void {
    const { calm, context } = this.ghost;
    // Whoever stood in the first election, and lost, may not have heard of it yet, and still win the next one.
    if (context.now() < this.terms.progressWithinMicros) return;
    calm.handoverBy = leader;
    calm.handoverTo = to;
    calm.handoverTerm = term;
    calm.handoverSince = context.now();
  }

  /** Only giving up decides it: a target that stands may still lose, and one may win of which the leader has not heard. */
  onEnded(leader: ProcessId, outcome: TransferOutcome): void {
    if (this.ghost.calm.handoverBy === leader && outcome === 'timed-out') this.judge('was given up');
  }

  onLeader(server: ProcessId, term: number): void {
    const { calm, servers } = this.ghost;
    if (calm.handoverBy < 0 || term <= calm.handoverTerm) return;
    if (server === calm.handoverTo) this.forget();
    else this.judge(`made ${processName(server, servers)} leader`);
  }

  /** A server starts: what was to be done with it before, or by it, is off. */
  onStart(server: ProcessId): void {
    const { calm } = this.ghost;
    if (server === calm.handoverBy || server === calm.handoverTo) this.forget();
  }

  onEnd(): void {
    const { calm, context } = this.ghost;
    const isDue = context.now() - calm.handoverSince >= this.terms.progressWithinMicros;
    if (calm.handoverBy >= 0 && isDue) this.judge('made nobody leader');
  }

  private judge(what: string): void {
    const { calm, context, servers } = this.ghost;
    const { handoverBy, handoverTo, handoverSince } = calm;
    this.forget();
    if (!context.isUp(handoverBy) || !context.isUp(handoverTo)) return;
    this.violate(
      `the transfer of leadership from ${processName(handoverBy, servers)} to ${processName(handoverTo, servers)}, which ` +
        `began at ${formatMicros(handoverSince)}, ${what}`,
    );
  }

  private forget(): void {
    this.ghost.calm.handoverBy = -1;
  }
}
