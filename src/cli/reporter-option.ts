/** `--reporter`: the forms in which a campaign is told to other programs, and the files that they go to. */

import { UsageError } from '../kernel/errors.js';
import { suggestion } from '../kernel/nearest.js';
import type { OptionSpec } from './spec.js';

/** Undefined: goes to the streams and files of the job that it runs in. */
const DEFAULT_FILES = {
  junit: 'faultline-junit.xml',
  github: undefined,
  json: 'faultline-report.json',
  html: 'faultline-report.html',
} as const;

export type ReporterName = keyof typeof DEFAULT_FILES;
const NAMES = Object.keys(DEFAULT_FILES) as readonly ReporterName[];

export interface ReporterChoice {
  readonly name: ReporterName;
  /** Undefined for one that needs no file. */
  readonly path: string | undefined;
}

/** Each once, or once for each file. */
export const reporter: OptionSpec<readonly ReporterChoice[]> = {
  flag: 'reporter',
  value: 'NAME[=FILE]',
  description: 'also report as junit, github, json or html; several with commas',
  fallback: [],
  fallbackText: undefined,
  completion: NAMES,
  read: (text, before) => [...before, ...text.split(',').map(readChoice)],
};

function readChoice(text: string): ReporterChoice {
  const at = text.indexOf('=');
  const word = at < 0 ? text : text.slice(0, at);
  const name = NAMES.find((known) => known === word);
  if (name === undefined) {
    throw new UsageError(
      'bad-value',
      `--reporter: expected one of ${NAMES.join(', ')}, got '${word}'`,
      suggestion(word, NAMES),
    );
  }
  if (at < 0) return { name, path: DEFAULT_FILES[name] };
  const path = text.slice(at + 1);
  if (name === 'github') throw new UsageError('bad-value', `--reporter: github takes no file, got '${path}'`);
  if (path === '') throw new UsageError('bad-value', `--reporter: expected a file behind '${name}='`);
  return { name, path };
}
