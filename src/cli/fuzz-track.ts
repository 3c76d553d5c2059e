/** How far a campaign is with one scenario, in this process and before. */

import { chainOf, type LedgerPortion, type Ledgered } from '../node/fuzz-ledger.js';
import { compactCount, groupedCount } from '../report/figures.js';
import type { ReportedRun } from '../report/run-report.js';
import { clipped } from '../report/table.js';

/** Most characters of a scenario's name in a table of 80 columns. */
const WIDEST_NAME = 30;

export class ScenarioTrack {
  /** Seeds done by earlier processes of the campaign, and the events of their runs. */
  readonly runsBefore: number;
  readonly eventsBefore: number;
  private runs = 0;
  private events = 0;
  private failures = 0;
  private firstSeed = '';
  private lastSeed = '';
  /** Hash over the digests of all runs so far, those of earlier processes included. */
  private chain: string;

  constructor(
    readonly name: string,
    before: Ledgered,
  ) {
    const portions = before.portions.filter(({ scenario }) => scenario === name);
    this.runsBefore = portions.reduce((sum, { runs }) => sum + runs, 0);
    this.eventsBefore = portions.reduce((sum, { events }) => sum + events, 0);
    this.chain = portions[portions.length - 1]?.chain ?? '';
  }

  /** Takes in the next portion, and says what the ledger is to note of it. */
  add(position: number, runs: readonly ReportedRun[]): LedgerPortion {
    const events = runs.reduce((sum, { outcome }) => sum + (outcome?.events ?? 0), 0);
    this.runs += runs.length;
    this.events += events;
    this.failures += runs.filter(({ verdict }) => verdict !== 'passed').length;
    if (this.firstSeed === '') this.firstSeed = runs[0]?.seed ?? '';
    this.lastSeed = runs[runs.length - 1]?.seed ?? '';
    this.chain = chainOf(
      this.chain,
      runs.map(({ outcome }) => outcome?.digest ?? 'ended'),
    );
    return { scenario: this.name, position, runs: runs.length, events, chain: this.chain };
  }

  get hasRun(): boolean {
    return this.runs > 0;
  }

  /** Cells for FUZZ_COLUMNS. */
  row(): readonly string[] {
    return [
      clipped(this.name, WIDEST_NAME),
      `${this.firstSeed}..${this.lastSeed}`,
      groupedCount(this.runs),
      compactCount(this.events),
      groupedCount(this.failures),
      this.chain.slice(0, 8),
    ];
  }

  record(): Readonly<Record<string, unknown>> {
    const { name, runs, runsBefore, events, failures, firstSeed, lastSeed, chain } = this;
    return { scenario: name, runs, runsBefore, events, failures, firstSeed, lastSeed, chain };
  }
}
