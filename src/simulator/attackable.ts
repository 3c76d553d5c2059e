/** Whether a protocol can be attacked in the way that a scenario asks for. */

import { UsageError, nearest, type AttackSurface } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';

/** Refuses liars of a protocol that shows no attack surface, and words that its surface does not know. */
export function requireAttackable(
  { faults }: Scenario,
  name: string,
  surface: AttackSurface | undefined,
): void {
  if (faults.byzantine.length === 0) return;
  if (surface === undefined) {
    throw new UsageError(
      'no-attack-surface',
      `faults.byzantine: expected a protocol with an attack surface, such as pbft, got ${name}`,
    );
  }
  const lies = surface.lies.map((lie) => lie.name);
  const kinds = [...new Set([...surface.serverKinds, ...(surface.rareKinds ?? []), ...surface.clientKinds])];
  for (const { id, action, when } of faults.byzantine) {
    if (action.do === 'lie') requireWord(`${id}.as`, action.lie, lies);
    if (action.do === 'mutate' && action.field !== undefined)
      requireWord(`${id}.field`, action.field, surface.fields);
    for (const kind of when.kinds ?? []) requireWord(`${id}.when.kinds`, kind, kinds);
  }
}

function requireWord(path: string, word: string, known: readonly string[]): void {
  if (known.includes(word)) return;
  const near = nearest(word, known);
  throw new UsageError(
    'unknown-word',
    `faults.${path}: expected one of ${known.join(', ')}, got '${word}'`,
    near === undefined ? undefined : `did you mean '${near}'?`,
  );
}
