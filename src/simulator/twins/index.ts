/**
 * Twins: small clusters in which some replicas run twice under one identity, explored exhaustively on the real replica
 * code. What never lives here: clocks, random networks, crashes.
 */

export { Choices, type Round, type TwinsShape } from './choices.js';
export { TwinsCluster } from './cluster.js';
export { TwinsTerms, pbftClassOf } from './terms.js';
export {
  MOST_FOUND,
  TwinsExplorer,
  playScenario,
  type FoundFork,
  type TwinsOptions,
  type TwinsProgress,
} from './explore.js';
