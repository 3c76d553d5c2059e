/** `faultline show`: a scenario with every default written out, the schema of all, or the story of a trace. */

import { UsageError } from '../kernel/index.js';
import { findScenarios, loadScenarioFile } from '../node/scenario-files.js';
import { numberedStory, storyRecord } from '../report/story.js';
import { drawScenario, jsonSchema, scenarioYaml, toYaml } from '../scenario/index.js';
import { ExitCode } from './exit-codes.js';
import type { ShowOptions } from './option-table.js';
import { withSession } from './session.js';
import type { Terminal } from './terminal.js';

/** The verb. */
export async function show(
  terminal: Terminal,
  words: readonly string[],
  options: ShowOptions,
): Promise<ExitCode> {
  const [word] = words;
  if (options.schema) return showSchema(terminal, word);
  if (options.story) return showStory(terminal, word);
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

const WIDTH = 80;
/** A trace that stands still when it is run again for its story is given up after this long. */
const TIMEOUT_MICROS = 30_000_000;

async function showStory(terminal: Terminal, path: string | undefined): Promise<ExitCode> {
  if (path === undefined) {
    throw new UsageError('missing-argument', "--story: missing argument 'NAME': expected a trace file");
  }
  const settings = { workers: 1, tasks: 1, timeout: TIMEOUT_MICROS };
  const told = await withSession(terminal, settings, ({ pool }) => pool.perform({ kind: 'story', path }));
  if (told.value === undefined) {
    terminal.note(`${path}: the run stood still when it was run again for its story`);
    return ExitCode.boundReached;
  }
  const { header, story } = told.value;
  if (terminal.json) terminal.emit('story', { path, scenario: header.scenario.name, ...storyRecord(story) });
  else terminal.print(numberedStory(story, WIDTH, terminal.paint));
  return ExitCode.passed;
}

function showSchema(terminal: Terminal, word: string | undefined): ExitCode {
  if (word !== undefined)
    throw new UsageError('bad-usage', '--schema: it takes no scenario: there is one schema for all');
  if (terminal.json) terminal.emit('scenario-schema', { jsonSchema: jsonSchema() });
  else terminal.print(JSON.stringify(jsonSchema(), undefined, 2));
  return ExitCode.passed;
}
