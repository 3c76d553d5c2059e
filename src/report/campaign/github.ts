/**
 * For GitHub Actions: a line for each kind of failure that becomes an annotation, and Markdown for the summary of the
 * job. Formats: "Workflow commands for GitHub Actions", GitHub's documentation.
 */

import { compactCount, counted, groupedCount } from '../figures.js';
import { failureLines, failureTitle, totals } from './record.js';
import type { CampaignRecord, FailureRecord, KindRecord } from './record.js';

/** More than that GitHub does not show of one step. */
const MOST_ANNOTATIONS = 10;

/** Lines for a stream of the job, one for each kind. */
export function githubAnnotations({ kinds, version }: CampaignRecord): readonly string[] {
  return kinds.slice(0, MOST_ANNOTATIONS).map(({ count, failures }) => {
    const first = failures[0] as FailureRecord;
    const more = count === 1 ? '' : ` (and ${counted(count - 1, 'time')} more)`;
    const title = `${failureTitle(first)} in ${first.scenario}${more}`;
    return `::error title=${property(title)}::${data(failureLines(first, version).join('\n'))}`;
  });
}

/** Markdown for the summary of the job. */
export function githubSummary(record: CampaignRecord): string {
  const { runs, passed } = totals(record);
  const verdict = runs === passed ? 'no failures' : counted(runs - passed, 'failure');
  const lines = [
    `### faultline ${record.verb}: ${counted(runs, 'run')}, ${verdict}`,
    '',
    '| scenario | runs | events | failures |',
    '| --- | ---: | ---: | ---: |',
    ...record.scenarios.map(
      (s) =>
        `| ${cell(s.name)} | ${groupedCount(s.runs)} | ${compactCount(s.events)} | ${groupedCount(s.runs - s.passed)} |`,
    ),
    '',
    ...record.kinds.flatMap((kind) => kindMarkdown(kind, record.version)),
  ];
  return `${lines.join('\n')}\n`;
}

function kindMarkdown({ count, failures }: KindRecord, version: string): string[] {
  const first = failures[0] as FailureRecord;
  return [
    `**${cell(failureTitle(first))}** in ${cell(first.scenario)}, ${counted(count, 'time')}`,
    '',
    // Indented and not fenced: a message may hold a fence.
    ...failureLines(first, version)
      .join('\n')
      .split('\n')
      .map((line) => `    ${line}`),
    '',
  ];
}

/** The text of a command: line ends would end it. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** A property of a command: commas and colons would end it as well. */
function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Text that is nothing else in Markdown, nor ends a cell. */
function cell(text: string): string {
  return text.replace(/[\\`*_[\]<>|]/g, '\\$&').replace(/\s+/g, ' ');
}
