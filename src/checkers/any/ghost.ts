/** What every run has, whatever its protocol: an agreed order, a history of clients, and what is settled of it. */

import type { Command, ProcessId } from '../../kernel/index.js';
import type { CheckerContext } from '../checker.js';
import { AgreedOrder, type AppliedPlace } from './agreed-order.js';
import { CalmGhost } from './calm-ghost.js';
import { ClientHistory } from './client-history.js';
import { LogWitness } from './log-witness.js';
import { Participants } from './participants.js';
import { ProgressGhost } from './progress-ghost.js';
import { WrittenTexts } from './written-texts.js';

export class RunGhost {
  order: AgreedOrder;
  history: ClientHistory;
  participants: Participants;
  calm: CalmGhost;
  /** How far the agreed order explains what clients saw. */
  witness = new LogWitness();
  /** What clients wrote, and what of it may still be seen. */
  texts = new WrittenTexts();
  progress = new ProgressGhost();
  /** Up to this place of the agreed order, everything about clients is judged. */
  settledIndex = 0;
  /** Position in the history of the latest cut; 0 before the first. */
  settledPosition = 0;
  /** True while the agreed order cannot explain an answer, so that all since must be kept for a search. */
  isUnexplained = false;
  /** Histories, or segments of one, that were too hard to judge. */
  unjudgedHistories = 0;
  /** True when progress was due and did not come, but could not have been expected either. */
  isLivenessUnjudged = false;

  /**
   * `sessionWindow`: how many of a client's latest sequence numbers its session tells apart; Infinity for a
   * service without sessions, or with some that forget nothing.
   */
  constructor(
    readonly context: CheckerContext,
    private readonly sessionWindow = Infinity,
  ) {
    this.order = new AgreedOrder(context.servers);
    this.history = new ClientHistory(context.servers);
    this.participants = new Participants(context);
    this.calm = new CalmGhost(context.servers);
  }

  get servers(): number {
    return this.context.servers;
  }

  /** True for a process that may do anything. */
  isFaulty(process: ProcessId): boolean {
    const { context } = this;
    return context.isFaulty !== undefined && context.isFaulty(process);
  }

  /**
   * True for a command that can take effect no more, unless it has done so already: its client's session has
   * left it behind. Sessions (services/sessions.ts) execute nothing at or below a floor. Once a sequence s of a
   * client was applied, that client's floor is s - window or more, for good: either s was executed, and the floor
   * of the session rose; or s was refused, being below the floor itself. A session that is forgotten leaves its
   * highest sequence as the floor of all that come. And s stays applied, by any/agreement.
   *
   * A service that executes such a command all the same is told by any/duplicate-effect at that very place.
   */
  isLeftBehind(client: ProcessId, sequence: number): boolean {
    return sequence <= this.order.highestOf(client) - this.sessionWindow;
  }

  /** True for a command that its session does not execute: it was ordered before, or is left behind. */
  isRefused({ client, sequence }: Command): boolean {
    return this.order.indexOf(client, sequence) > 0 || this.isLeftBehind(client, sequence);
  }

  /**
   * False for a place that leaves the service as it is: it has no command, or one that its session refuses. Judged
   * before the order takes the place in. A session that expired is told by the digest, which every executed command
   * changes.
   */
  hasEffect({ index, digest, command }: AppliedPlace, hasSessions: boolean): boolean {
    const { order } = this;
    if (command === undefined || (hasSessions && this.isRefused(command))) return false;
    return !order.hasDigests || index !== order.last + 1 || digest !== order.digestAt(index - 1);
  }

  clone(context: CheckerContext): RunGhost {
    const copy = new RunGhost(context, this.sessionWindow);
    copy.order = this.order.clone();
    copy.history = this.history.clone();
    copy.calm = this.calm.clone();
    copy.participants = this.participants.clone(context);
    copy.witness = this.witness.clone();
    copy.texts = this.texts.clone();
    copy.progress = this.progress.clone();
    copy.settledIndex = this.settledIndex;
    copy.settledPosition = this.settledPosition;
    copy.isUnexplained = this.isUnexplained;
    copy.unjudgedHistories = this.unjudgedHistories;
    copy.isLivenessUnjudged = this.isLivenessUnjudged;
    return copy;
  }
}

/** The failure model of what is promised whatever happens within the scenario's declared model. */
export const DECLARED_MODEL = 'The failure model that the scenario declares';
