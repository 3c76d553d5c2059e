/** Recording a minimised run: its header says how it was made small, and what story it tells. */

import type { Scenario } from '../scenario/index.js';
import type { Implementation } from './implementation.js';
import type { EditedRecipe, Outcome } from './outcome.js';
import { recordTrace, type RecordOptions } from './record-trace.js';
import { storyOf, type Story } from './story.js';
import type { Minimised, Trace } from './trace.js';

export interface RecordedMinimum {
  readonly outcome: Outcome;
  readonly trace: Trace;
  readonly minimised: Minimised;
  readonly story: Story;
}

export function recordMinimised(
  scenario: Scenario,
  recipe: EditedRecipe,
  size: Omit<Minimised, 'story'>,
  implementation: Implementation,
  options: RecordOptions = {},
): RecordedMinimum {
  const { outcome, trace } = recordTrace(scenario, recipe, implementation, options);
  const story = storyOf(trace, implementation.protocol.words);
  const minimised = { ...size, story: story.fingerprint };
  return { outcome, trace: { ...trace, header: { ...trace.header, minimised } }, minimised, story };
}
