/** Scenarios made by programs: the YAML form as a value, with the same validation and the same defaults. */

import { treeOfValue } from './tree-of-value.js';
import { wholeScenario } from './load.js';
import type { ScenarioInput } from './schema.js';
import type { Scenario } from './types.js';

/**
 * Resolves a scenario given as a value. Throws UsageError whose message begins with `scenario: ` and the
 * key path. There are no files here: `extends` is a spread of objects, and `protocol.module` an absolute path.
 */
export function defineScenario(input: ScenarioInput): Scenario {
  const source = { label: 'scenario', path: '', text: undefined };
  return wholeScenario(treeOfValue(input, { source, offset: 0 }), {
    name: 'scenario',
    locateModule: (specifier) => specifier,
  });
}
