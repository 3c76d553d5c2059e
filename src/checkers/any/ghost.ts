/** What every run has, whatever its protocol: an agreed order, a history of clients, and what is settled of it. */

import type { CheckerContext } from '../checker.js';
import { AgreedOrder } from './agreed-order.js';
import { CalmGhost } from './calm-ghost.js';
import { ClientHistory } from './client-history.js';
import { LogWitness } from './log-witness.js';
import { Participants } from './participants.js';
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
  /** Whether operations were invoked, and answered, in the time in which progress is due. */
  readonly progress = { isDue: false, isMade: false };
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

  constructor(readonly context: CheckerContext) {
    this.order = new AgreedOrder(context.servers);
    this.history = new ClientHistory(context.servers);
    this.participants = new Participants(context);
    this.calm = new CalmGhost(context.servers);
  }

  get servers(): number {
    return this.context.servers;
  }

  clone(context: CheckerContext): RunGhost {
    const copy = new RunGhost(context);
    copy.order = this.order.clone();
    copy.history = this.history.clone();
    copy.calm = this.calm.clone();
    copy.participants = this.participants.clone(context);
    copy.witness = this.witness.clone();
    copy.texts = this.texts.clone();
    copy.progress.isDue = this.progress.isDue;
    copy.progress.isMade = this.progress.isMade;
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
