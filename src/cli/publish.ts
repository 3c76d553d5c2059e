/** Reports of a campaign for other programs: asked for by `--reporter`, written when the campaign is over. */

import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../kernel/index.js';
import { requireWritable, writeAtomically } from '../node/atomic-file.js';
import { makeFolder } from '../node/folders.js';
import { reasonOf } from '../node/system-errors.js';
import {
  CampaignRecorder,
  githubAnnotations,
  githubSummary,
  htmlReport,
  jsonReport,
  junitReport,
  type CampaignRecord,
  type EarlierRuns,
} from '../report/campaign/index.js';
import type { ReportedRun } from '../report/run-report.js';
import { FAULTLINE_VERSION } from '../simulator/version.js';
import type { ReporterChoice } from './reporter-option.js';
import type { Terminal } from './terminal.js';

/** The file that GitHub shows as the summary of a job. */
const SUMMARY_VARIABLE = 'GITHUB_STEP_SUMMARY';

export class Publisher {
  private readonly recorder = new CampaignRecorder();
  private readonly began = performance.now();

  /** Makes the folders of the files, and looks at those: what is wrong with them is told before the first run. */
  constructor(
    private readonly terminal: Terminal,
    private readonly verb: string,
    private readonly choices: readonly ReporterChoice[],
  ) {
    for (const { path } of choices) {
      if (path === undefined) continue;
      makeFolder(dirname(path));
      requireWritable(path);
    }
  }

  add(run: ReportedRun): void {
    if (this.choices.length > 0) this.recorder.add(run);
  }

  /** Of earlier processes of the campaign: reports are of all of it, as its exit code is. */
  addEarlier(runs: EarlierRuns): void {
    if (this.choices.length > 0) this.recorder.addEarlier(runs);
  }

  /** Writes what was asked for. Throws UsageError where a file cannot be written; the others are. */
  finish(exitCode: number): void {
    if (this.choices.length === 0) return;
    const seconds = Math.round(performance.now() - this.began) / 1000;
    const { verb } = this;
    const record = this.recorder.finish({
      verb,
      version: FAULTLINE_VERSION,
      node: process.versions.node,
      seconds,
      exitCode,
    });
    const errors: unknown[] = [];
    for (const choice of this.choices) {
      try {
        this.publish(choice, record);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  private publish({ name, path }: ReporterChoice, record: CampaignRecord): void {
    if (path === undefined || name === 'github') return this.tellGithub(record);
    const texts = { junit: junitReport, json: jsonReport, html: htmlReport };
    writeAtomically(path, new TextEncoder().encode(texts[name](record)));
  }

  /** On stderr: GitHub reads both streams of a step, and stdout may carry JSON Lines. */
  private tellGithub(record: CampaignRecord): void {
    for (const line of githubAnnotations(record)) this.terminal.note(line);
    const path = process.env[SUMMARY_VARIABLE] ?? '';
    if (path === '') return;
    try {
      appendFileSync(path, githubSummary(record));
    } catch (error) {
      throw new UsageError('cannot-write', `${SUMMARY_VARIABLE}: ${path}: ${reasonOf(error)}`);
    }
  }
}
