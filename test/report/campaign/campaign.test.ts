/** The forms of a campaign's record: bounded, and well-formed whatever a seed or a message holds. */

import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import {
  CampaignRecorder,
  githubAnnotations,
  githubSummary,
  htmlReport,
  jsonReport,
  junitReport,
  type CampaignRecord,
} from '../../../src/report/campaign/index.js';
import type { ReportedRun } from '../../../src/report/run-report.js';
import { simulate } from '../../../src/simulator/index.js';
import { bundled } from '../../simulator/scenarios.js';

const scenario = bundled('raft/baseline-quiet');
const outcome = simulate(scenario, { seed: '1', strategy: 'random' });
const END = { verb: 'run', version: '0.1.0', node: '20.0.0', seconds: 2, exitCode: 1 };

function passed(seed: string): ReportedRun {
  return {
    scenario,
    seed,
    bug: undefined,
    beyondModel: false,
    outcome,
    broken: [],
    verdict: 'passed',
    isExpectedViolation: false,
    reason: undefined,
    savedTo: undefined,
    replayLine: undefined,
    runLine: `faultline run raft/baseline-quiet --seed ${seed}`,
  };
}

function failed(seed: string, message: string): ReportedRun {
  const violation = { invariant: 'raft/election-safety', message, timeMicros: 1_234_000, event: 77 };
  return {
    ...passed(seed),
    verdict: 'violated',
    outcome: { ...outcome, status: 'violated', violation },
    savedTo: 'traces/found/a.trace.jsonl.gz',
    replayLine: 'faultline replay traces/found/a.trace.jsonl.gz',
  };
}

function recordOf(...runs: readonly ReportedRun[]): CampaignRecord {
  const recorder = new CampaignRecorder();
  for (const run of runs) recorder.add(run);
  return recorder.finish(END);
}

/** `tests failures cases failed`, as another's strict parser reads them; throws when the text is no well-formed XML. */
function readXml(xml: string): string {
  const parser = new SaxesParser();
  let totals = '';
  const count = { testcase: 0, failure: 0 };
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (name === 'testsuites') totals = `${attributes['tests']} ${attributes['failures']}`;
    if (name === 'testcase' || name === 'failure') count[name]++;
  });
  parser.write(xml).close();
  return `${totals} ${count.testcase} ${count.failure}`;
}

describe('a campaign’s record', () => {
  it('counts runs by scenario, and puts failures of one kind together', () => {
    const record = recordOf(
      passed('1'),
      failed('2', 'n1 and n2 lead term 3'),
      failed('3', 'n2 and n3 lead term 9'),
    );
    expect(record.scenarios).toEqual([
      expect.objectContaining({
        name: 'raft/baseline-quiet',
        runs: 3,
        passed: 1,
        firstSeed: '1',
        lastSeed: '3',
      }),
    ]);
    expect(record.kinds).toHaveLength(1);
    expect(record.kinds[0]).toMatchObject({ count: 2, failures: [{ seed: '2', event: 77 }, { seed: '3' }] });
  });

  it('stays small however much fails', () => {
    const recorder = new CampaignRecorder();
    const letters = 'abcdefghijklmnopqrstuvwxyz';
    for (let i = 0; i < 5000; i++) {
      const word = `${letters[i % 26]}${letters[Math.floor(i / 26) % 26]}`;
      recorder.add(failed(String(i), `a property of ${word} broke`));
    }
    const { kinds, scenarios } = recorder.finish(END);
    expect(kinds).toHaveLength(200);
    expect(kinds.every(({ failures }) => failures.length <= 10)).toBe(true);
    expect(scenarios[0]?.runs).toBe(5000);
  });

  it('as JUnit has a case for what passed, one for each failure, and one for those not kept', () => {
    const many = Array.from({ length: 15 }, (_, i) => failed(String(i), 'two leaders'));
    expect(readXml(junitReport(recordOf(passed('99'), ...many)))).toBe('16 15 12 11');
    expect(readXml(junitReport(recordOf(passed('1'))))).toBe('1 0 1 0');
    expect(readXml(junitReport(recordOf()))).toBe('0 0 0 0');
  });

  it('as an annotation is one line for each kind, with version, seed and the lines that repeat it', () => {
    const [line, ...others] = githubAnnotations(recordOf(failed('7', 'two leaders, 100 %: n1\nand n2')));
    expect(others).toEqual([]);
    expect(line).toBe(
      '::error title=violated raft/election-safety in raft/baseline-quiet::two leaders, 100 %25: n1%0Aand n2%0A' +
        'in raft/baseline-quiet, seed 7, event 77%0Asaved to: traces/found/a.trace.jsonl.gz%0A' +
        'replay: faultline replay traces/found/a.trace.jsonl.gz%0A' +
        'again: faultline run raft/baseline-quiet --seed 7%0Afaultline 0.1.0',
    );
    expect(githubAnnotations(recordOf(passed('1')))).toEqual([]);
  });

  it('is well-formed in every form, whatever a seed or a message holds', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('</script><b>', ']]>', '\u0000\ud800', '::x', '```'),
    );
    fc.assert(
      fc.property(anything, anything, (seed, message) => {
        const record = recordOf(failed(seed, message), passed(seed));
        expect(readXml(junitReport(record))).toBe('2 1 2 1');
        for (const line of githubAnnotations(record)) expect(line).toMatch(/^::error [^\r\n]*$/);
        expect(githubSummary(record)).toContain('1 failure');
        expect(JSON.parse(jsonReport(record))).toMatchObject({ schema: 'faultline-report/1', exitCode: 1 });
        const page = htmlReport(record);
        expect(page).not.toMatch(/<\/script>|<b>/);
        expect(page.match(/<section/g)).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });
});
