/** A run that did not pass, as the message of an error: for test runners, so without colour. */

import type { CheckedRun } from '../campaign/index.js';
import { formatMicros } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import { runCommand } from './shell.js';

export interface FailureContext {
  readonly bug: string | undefined;
  /** The protocol was handed over as an object: only a program can run it again. */
  readonly hasOwnProtocol: boolean;
  readonly beyondModel: boolean;
}

/** Several lines: what broke, where, the digest, and the line that repeats it. */
export function failureText(scenario: Scenario, run: CheckedRun, context: FailureContext): string {
  const { outcome, seed, verdict, reason } = run;
  const { violation, digest, timeMicros, events } = outcome;
  const lines = [
    `${scenario.name}, seed ${seed}: ${verdict}${violation === undefined ? '' : ` ${violation.invariant}`}`,
  ];
  if (reason !== undefined) lines.push(`  ${reason}`);
  if (violation !== undefined) lines.push(`  ${violation.message}`);
  lines.push(
    `  at ${formatMicros(timeMicros)}, event ${events}, digest ${digest}`,
    `  again: ${repetition(scenario, seed, context)}`,
  );
  return lines.join('\n');
}

function repetition(
  scenario: Scenario,
  seed: string,
  { bug, hasOwnProtocol, beyondModel }: FailureContext,
): string {
  if (!hasOwnProtocol) return runCommand({ scenario: scenario.name, seed, set: [], bug, beyondModel });
  const options = ['protocol'];
  if (scenario.authentication === 'real') options.push('authentication');
  if (beyondModel) options.push('beyondModel: true');
  return `simulate(scenario, ${JSON.stringify(seed)}, { ${options.join(', ')} })`;
}
