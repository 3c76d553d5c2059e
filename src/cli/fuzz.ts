/** `faultline fuzz`: ever new seeds of scenarios, until a budget is used up, something fails, or a signal comes. */

import { UsageError } from '../kernel/index.js';
import { codeHash } from '../node/code-hash.js';
import { FuzzLedger, NOTHING, contentHash, type LedgerHeader, type Ledgered } from '../node/fuzz-ledger.js';
import { makeFolder } from '../node/folders.js';
import { hashOfModule } from '../node/module-loader.js';
import { QueuedRuns } from '../node/queue/queued-runs.js';
import { FAULTLINE_VERSION } from '../simulator/version.js';
import { requireDistinctNames } from './distinct-names.js';
import type { ExitCode } from './exit-codes.js';
import { FuzzCampaign } from './fuzz-campaign.js';
import { DEFAULT_FUZZ_MICROS, type FuzzOptions } from './option-table.js';
import { bundledScenarios, planScenarios } from './plan-scenarios.js';
import { Publisher } from './publish.js';
import type { PlannedScenario } from './run-reporter.js';
import { MANY_TASKS, withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';

/** The verb. */
export async function fuzz(
  terminal: Terminal,
  words: readonly string[],
  options: FuzzOptions,
): Promise<ExitCode> {
  if (options.resume && options.ledger === undefined) {
    throw new UsageError('missing-argument', '--resume: expected --ledger FILE, the campaign to go on with');
  }
  requireOwnWorkers(options);
  const plan = { set: options.set, bug: options.bug, beyondModel: false };
  const isAll = words.length === 0 && options.bug === undefined;
  const planned = isAll ? bundledScenarios(plan) : planScenarios(terminal, words, plan);
  requireDistinctNames(planned);
  return withSession(terminal, { ...options, tasks: options.runs ?? MANY_TASKS }, async (session) => {
    const campaign = await runSeeds(terminal, session, withEnd(options), planned);
    if (options.minimise) await campaign.minimise();
    return campaign.finish();
  });
}

/** With the usual time where nothing else ends the campaign: here, and where it waits for workers of a queue. */
function withEnd(options: FuzzOptions): FuzzOptions {
  const hasEnd = options.for !== undefined || options.runs !== undefined || options.untilFailure;
  return hasEnd ? options : { ...options, for: DEFAULT_FUZZ_MICROS };
}

/** The ledger comes after all else that may be refused: a start that failed leaves none behind. */
async function runSeeds(
  terminal: Terminal,
  session: Session,
  options: FuzzOptions,
  planned: readonly PlannedScenario[],
): Promise<FuzzCampaign> {
  if (options.out !== undefined) makeFolder(options.out);
  const publisher = new Publisher(terminal, 'fuzz', options.reporter);
  const elsewhere = await openQueue(session, options, planned);
  let opened: OpenLedger | undefined = undefined;
  try {
    opened = openLedger(options, planned);
    const parts = { publisher, elsewhere, ...opened };
    const campaign = new FuzzCampaign(terminal, session, options, planned, parts);
    await campaign.run();
    return campaign;
  } finally {
    opened?.ledger?.close();
    await elsewhere?.close();
  }
}

/** A portion that learns from its own runs is done here: workers of a queue know plain runs alone. */
function requireOwnWorkers({ queue, strategy }: FuzzOptions): void {
  if (queue === undefined || strategy === 'swarm') return;
  throw new UsageError('bad-usage', `--queue: expected --strategy swarm, got --strategy ${strategy}`);
}

/** The queue that other machines' workers take seeds from. Throws UsageError. */
async function openQueue(
  session: Session,
  { queue, for: micros }: FuzzOptions,
  planned: readonly PlannedScenario[],
): Promise<QueuedRuns | undefined> {
  if (queue === undefined) return undefined;
  const own = planned.find(({ scenario }) => scenario.protocol.module !== undefined);
  if (own !== undefined) {
    throw new UsageError(
      'bad-usage',
      `--queue: ${own.word} has a module of its own, which other machines have not`,
    );
  }
  // Nobody may be there to run anything: the time ends all the same.
  const end = new AbortController();
  session.signal.addEventListener('abort', () => end.abort(), { once: true });
  if (micros !== undefined) setTimeout(() => end.abort(), micros / 1000).unref();
  return QueuedRuns.open(queue, end.signal);
}

interface OpenLedger {
  readonly ledger: FuzzLedger | undefined;
  readonly before: Ledgered;
}

/** What the modules of users hold, by scenario. */
function modulesOf(planned: readonly PlannedScenario[]): Pick<LedgerHeader, 'modules'> {
  const entries = planned.flatMap(({ scenario: { name, protocol } }) =>
    protocol.module === undefined ? [] : [[name, hashOfModule(protocol.module)] as const],
  );
  return entries.length === 0 ? {} : { modules: Object.fromEntries(entries) };
}

function openLedger(options: FuzzOptions, planned: readonly PlannedScenario[]): OpenLedger {
  const { ledger: path, first, bug, strategy } = options;
  if (path === undefined) return { ledger: undefined, before: NOTHING };
  const header: LedgerHeader = {
    faultline: FAULTLINE_VERSION,
    code: codeHash(),
    scenarios: Object.fromEntries(planned.map(({ scenario }) => [scenario.name, contentHash(scenario)])),
    ...modulesOf(planned),
    bug: bug ?? null,
    first,
    ...options.shard,
    strategy,
  };
  if (options.resume) return FuzzLedger.resume(path, header);
  return { ledger: FuzzLedger.create(path, header), before: NOTHING };
}
