// How a campaign ends where something goes wrong after its runs.

import { readFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FailureGroups } from '../../src/campaign/index.js';
import { ExitCode } from '../../src/cli/exit-codes.js';
import { FuzzCampaign } from '../../src/cli/fuzz-campaign.js';
import { minimiseKinds } from '../../src/cli/fuzz-minima.js';
import type { SavedMinimum } from '../../src/cli/minimise.js';
import type { FuzzOptions } from '../../src/cli/option-table.js';
import { Publisher } from '../../src/cli/publish.js';
import type { Session } from '../../src/cli/session.js';
import { Terminal } from '../../src/cli/terminal.js';
import { UsageError } from '../../src/kernel/index.js';
import type { LedgerFailure } from '../../src/node/fuzz-ledger.js';
import type { QueuedRuns } from '../../src/node/queue/queued-runs.js';
import { findScenarios, loadScenarioFile } from '../../src/node/scenario-files.js';
import type { FuzzFailure } from '../../src/report/fuzz-report.js';
import { plainRecipe } from '../../src/simulator/index.js';

const TRACE = fileURLToPath(new URL('../../traces/R44-ack-before-sync.trace.jsonl.gz', import.meta.url));
const NAME = 'raft/crash-restart-storm';
const scenario = loadScenarioFile(findScenarios(NAME)[0] ?? { path: '' });
const failure: LedgerFailure = {
  scenario: NAME,
  seed: '2',
  verdict: 'violated',
  invariant: 'raft/ack-durable',
  message: 'too soon',
  events: 9,
  savedTo: TRACE,
  again: 'faultline run',
};

interface Setting {
  /** Of every run made to find a smaller one. */
  readonly trial?: Error;
  /** Of the seeds. */
  readonly seeds?: Error;
  readonly isInterrupted?: boolean;
}

/** A campaign that knows one failure, with what it said and the code that its report tells. */
function campaign({ trial, seeds, isInterrupted = false }: Setting) {
  const said: string[] = [];
  const stream = { write: (text: string) => said.push(text), on: () => undefined };
  const terminal = new Terminal(stream, stream, {}, false);
  const report = join(mkdtempSync(join(tmpdir(), 'faultline-campaign-')), 'report.json');
  const pool = { workers: 1, perform: () => Promise.reject(trial ?? new Error('not asked for')) };
  const session = { pool, signal: new AbortController().signal, isInterrupted: () => isInterrupted };
  async function* portions() {
    yield* await (seeds === undefined ? Promise.resolve([]) : Promise.reject(seeds));
  }
  const options = { first: 1, shard: { shard: 0, of: 1 }, strategy: 'swarm', minimiseFor: 1e9, set: [] };
  const parts = {
    publisher: new Publisher(terminal, 'fuzz', [{ name: 'json', path: report }]),
    ledger: undefined,
    before: { failures: [failure], portions: [] },
    elsewhere: { portions } as unknown as QueuedRuns,
  };
  const made = new FuzzCampaign(
    terminal,
    session as unknown as Session,
    options as unknown as FuzzOptions,
    [{ word: NAME, path: '', scenario }],
    parts,
  );
  const reported = (): unknown => (JSON.parse(readFileSync(report, 'utf8')) as { exitCode: number }).exitCode;
  return { campaign: made, said, reported };
}

describe('cli: a campaign that goes wrong', () => {
  it('while it makes failures small, it tells what was found all the same', async () => {
    const { campaign: made, said, reported } = campaign({ trial: new TypeError('a mistake') });
    await made.run();
    await made.minimise();
    expect(made.finish()).toBe(ExitCode.internal);
    expect(reported()).toBe(ExitCode.internal);
    expect(said.join('')).toMatch(/VIOLATED raft\/ack-durable[^]*TypeError: a mistake/);
  });

  it('and is then interrupted, it ends with the code that its reports tell, and tells the error', async () => {
    const seeds = new UsageError('queue', 'no worker is left');
    const { campaign: made, said, reported } = campaign({ seeds, isInterrupted: true });
    await made.run();
    expect(made.finish()).toBe(ExitCode.interrupted);
    expect(reported()).toBe(ExitCode.interrupted);
    expect(said.join('')).toContain('faultline: no worker is left\n');
  });

  it('makes nothing small that is the trace of another run by now', async () => {
    for (const other of [{ seed: '3', recipe: plainRecipe('3') }, { invariant: 'raft/vote-once' }]) {
      const groups = new FailureGroups<FuzzFailure>();
      const found = {
        ...failure,
        invariant: failure.invariant ?? '',
        savedTo: TRACE,
        recipe: plainRecipe('2'),
      };
      groups.add({ ...found, ...other });
      const told: string[] = [];
      const terminal = { note: (text: string) => told.push(text) } as unknown as Terminal;
      const minima = new Map<string, SavedMinimum>();
      await minimiseKinds(
        terminal,
        { signal: new AbortController().signal } as Session,
        groups.all(),
        1,
        minima,
      );
      expect(told.join()).toMatch(
        /: expected the trace of raft\/crash-restart-storm, seed [23], got that of another run/,
      );
      expect(minima.size).toBe(0);
    }
  });

  it('with more kinds than anyone reads, it makes no more than a hundred of a scenario small', async () => {
    const groups = new FailureGroups<FuzzFailure>();
    const found = {
      ...failure,
      savedTo: 'none.trace',
      invariant: 'raft/vote-once',
      recipe: plainRecipe('1'),
    };
    for (let i = 1; i <= 150; i++) groups.add({ ...found, message: 'x'.repeat(i) });
    groups.add({ ...found, invariant: 'raft/log-matching' });
    const tried: string[] = [];
    const terminal = { note: (text: string) => tried.push(text) } as unknown as Terminal;
    const session = { signal: new AbortController().signal } as Session;
    await minimiseKinds(terminal, session, groups.all(), 1, new Map());
    expect(tried).toHaveLength(101);
  });
});
