/** What a protocol's settings must fit, of a scenario. */

import type { ClusterShape } from '../kernel/index.js';
import { processCounts, type Scenario } from '../scenario/index.js';

export function clusterShape(scenario: Scenario): ClusterShape {
  const { members, nodes: servers } = scenario.cluster;
  const { byzantine } = scenario.model;
  // The operator's process is the last before those of twins.
  const operator = scenario.operator === undefined ? -1 : processCounts(scenario).firstTwin - 1;
  return { members, byzantine, servers, operator };
}
