/** PBFT's rare situations, and what recognises them. A topic a file; a new situation goes into its topic's list. */

import type { Recogniser } from '../recogniser.js';
import type { Situation, Tally } from '../situation.js';
import type { ClusterView } from '../view.js';
import { BATCH_SITUATIONS, Batches } from './batches.js';
import { LIAR_SITUATIONS, Liars } from './liars.js';
import { PBFT_REACHED_SITUATIONS } from './reached.js';
import { STATE_SITUATIONS, States } from './states.js';
import { VIEW_SITUATIONS, Views } from './views.js';

export { PBFT_REACHED, type PbftReached } from './reached.js';

export const PBFT_SITUATIONS: readonly Situation[] = [
  ...VIEW_SITUATIONS,
  ...BATCH_SITUATIONS,
  ...STATE_SITUATIONS,
  ...LIAR_SITUATIONS,
  ...PBFT_REACHED_SITUATIONS,
];

export function createPbftRecognisers(view: ClusterView, tally: Tally): Recogniser[] {
  return [new Views(view, tally), new Batches(view, tally), new States(view, tally), new Liars(view, tally)];
}
