/**
 * JUnit's XML, as the readers of CI systems agree on it: a suite for each scenario; in it a case for the runs that
 * passed, and one for each failure that was kept.
 */

import Builder from 'fast-xml-builder';
import { counted } from '../figures.js';
import { failureLines, failureTitle, totals } from './record.js';
import type { CampaignRecord, FailureRecord, ScenarioRecord } from './record.js';

const ATTRIBUTE = '@';
const TEXT = '#text';

export function junitReport(record: CampaignRecord): string {
  const { runs, passed } = totals(record);
  const builder = new Builder({
    ignoreAttributes: false,
    attributeNamePrefix: ATTRIBUTE,
    textNodeName: TEXT,
    suppressBooleanAttributes: false,
    suppressEmptyNode: true,
    format: true,
    indentBy: '  ',
  });
  const suites = attributes({
    name: 'faultline',
    tests: runs,
    failures: runs - passed,
    time: record.seconds,
  });
  const testsuite = record.scenarios.map((scenario) => suiteOf(scenario, record));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ testsuites: { ...suites, testsuite } })}`;
}

function suiteOf(scenario: ScenarioRecord, { kinds, version }: CampaignRecord): object {
  const { name, title, runs, passed, firstSeed, lastSeed } = scenario;
  const failures = kinds.flatMap((kind) => kind.failures).filter((failure) => failure.scenario === name);
  const seeds = firstSeed === lastSeed ? `seed ${firstSeed}` : `seeds ${firstSeed} to ${lastSeed}`;
  const cases: object[] = [];
  if (passed > 0)
    cases.push(attributes({ classname: name, name: `${seeds}: ${counted(passed, 'run')} passed` }));
  for (const failure of failures) cases.push(caseOf(failure, version));
  const untold = runs - passed - failures.length;
  if (untold > 0) {
    const message = `${counted(untold, 'failure')} more, of the same kinds`;
    cases.push({
      ...attributes({ classname: name, name: 'more failures' }),
      failure: attributes({ message }),
    });
  }
  return {
    ...attributes({ name, tests: runs, failures: runs - passed }),
    properties: {
      property: [
        attributes({ name: 'title', value: title }),
        attributes({ name: 'version', value: version }),
      ],
    },
    testcase: cases,
  };
}

function caseOf(failure: FailureRecord, version: string): object {
  const name = `seed ${failure.seed}: ${failureTitle(failure)}`;
  const told = attributes({ type: failure.verdict, message: failure.message.split('\n')[0] ?? '' });
  const lines = failureLines(failure, version).join('\n');
  return {
    ...attributes({ classname: failure.scenario, name }),
    failure: { ...told, [TEXT]: printable(lines) },
  };
}

function attributes(values: Readonly<Record<string, string | number>>): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) found[`${ATTRIBUTE}${name}`] = printable(String(value));
  return found;
}

/** Without what XML 1.0 cannot hold in any form (§2.2): a seed or a message may be any text. */
function printable(text: string): string {
  return text.replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
