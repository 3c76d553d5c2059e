/** `faultline show`: a scenario with every default written out, or the schema of all. */

import { UsageError } from '../kernel/index.js';
import { findScenarios, loadScenarioFile } from '../node/scenario-files.js';
import { drawScenario, jsonSchema, scenarioYaml, toYaml } from '../scenario/index.js';
import { ExitCode } from './exit-codes.js';
import type { ShowOptions } from './option-table.js';
import type { Terminal } from './terminal.js';

/** The verb. */
export async function show(
  terminal: Terminal,
  words: readonly string[],
  options: ShowOptions,
): Promise<ExitCode> {
  const [word] = words;
  if (options.schema) return showSchema(terminal, word);
  if (word === undefined) {
    throw new UsageError(
      'missing-argument',
      "missing argument 'NAME'",
      "'faultline list' shows the scenarios",
    );
  }
  for (const found of findScenarios(word)) {
    const loaded = loadScenarioFile(found, options.set);
    const scenario = options.seed === undefined ? loaded : drawScenario(loaded, options.seed);
    if (terminal.json)
      terminal.emit('scenario', { name: scenario.name, path: found.path, scenario: scenarioYaml(scenario) });
    else terminal.print(toYaml(scenario).trimEnd());
  }
  return ExitCode.passed;
}

function showSchema(terminal: Terminal, word: string | undefined): ExitCode {
  if (word !== undefined)
    throw new UsageError('bad-usage', '--schema: it takes no scenario: there is one schema for all');
  if (terminal.json) terminal.emit('scenario-schema', { jsonSchema: jsonSchema() });
  else terminal.print(JSON.stringify(jsonSchema(), undefined, 2));
  return ExitCode.passed;
}
