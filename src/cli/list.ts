/** `faultline list`: what there is to run, to break and to check. */

import { INVARIANTS } from '../checkers/index.js';
import { UsageError } from '../kernel/index.js';
import { listScenarios, loadScenarioFile, type FoundScenario } from '../node/scenario-files.js';
import { counted } from '../report/figures.js';
import { wrap } from '../report/wrap.js';
import type { Scenario } from '../scenario/index.js';
import { BUGS } from '../zoo/index.js';
import { ExitCode } from './exit-codes.js';
import { oneOf, type ListOptions } from './option-table.js';
import type { Terminal } from './terminal.js';
import { LISTS } from './words.js';

/** One thing of a list: what text mode and JSON show of it. */
interface Item {
  readonly name: string;
  /** One line. */
  readonly title: string;
  /** A dim word before the title. */
  readonly mark: string;
  readonly record: Readonly<Record<string, unknown>>;
}

const TYPES = { scenarios: 'scenario', bugs: 'bug', invariants: 'invariant' } as const;
const WIDTH = 80;

/** The verb. */
export async function list(
  terminal: Terminal,
  words: readonly string[],
  options: ListOptions,
): Promise<ExitCode> {
  const what = oneOf('WHAT', words[0] ?? 'scenarios', LISTS);
  const items = { scenarios: scenarioItems, bugs: bugItems, invariants: invariantItems }[what]();
  if (terminal.json) for (const { record } of items) terminal.emit(TYPES[what], record);
  else if (options.names) for (const { name } of items) terminal.print(name);
  else printItems(terminal, items, TYPES[what]);
  terminal.summarize({ [what]: items.length });
  return ExitCode.passed;
}

function printItems(terminal: Terminal, items: readonly Item[], type: string): void {
  const { paint } = terminal;
  for (const { name, title, mark } of items) {
    const isMarked = mark !== '';
    const fits = name.length + mark.length + 3 <= WIDTH;
    terminal.print(`${paint.bold(name)}${isMarked && fits ? ` ${paint.dim(`(${mark})`)}` : ''}`);
    if (isMarked && !fits) terminal.print(`    ${paint.dim(`(${mark})`)}`);
    for (const line of wrap(title, WIDTH - 4)) terminal.print(`    ${line}`);
  }
  terminal.print(`\n${counted(items.length, type)}`);
}

function scenarioItems(): Item[] {
  return listScenarios().map((found) => {
    const loaded = tryToLoad(found);
    return loaded instanceof UsageError ? brokenItem(found, loaded) : scenarioItem(found, loaded);
  });
}

function scenarioItem({ name, path, isBundled }: FoundScenario, scenario: Scenario): Item {
  const { title, description, protocol, cluster, expect } = scenario;
  const isControl = expect.outcome === 'violated';
  const record = {
    name,
    title,
    description,
    path,
    isBundled,
    protocol: protocol.name,
    nodes: cluster.nodes,
    expect,
  };
  return { name, title, mark: isControl ? 'control: must be violated' : '', record };
}

/** One file that cannot be read does not hide the others. */
function brokenItem({ name, path, isBundled }: FoundScenario, error: UsageError): Item {
  return {
    name,
    title: error.message,
    mark: 'cannot be loaded',
    record: { name, path, isBundled, error: error.message },
  };
}

function tryToLoad(found: FoundScenario): Scenario | UsageError {
  try {
    return loadScenarioFile(found);
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
}

function bugItems(): Item[] {
  return BUGS.map(({ id, title, protocol, source, invariants, scenario }) => ({
    name: id,
    title,
    mark: `shows in ${scenario}`,
    record: { id, title, protocol, source, invariants, scenario },
  }));
}

function invariantItems(): Item[] {
  return INVARIANTS.map((info) => ({
    name: info.id,
    title: info.title,
    mark: info.kind,
    record: { ...info },
  }));
}
