/** Whether a protocol can be attacked in the way that a scenario asks for. */

import { UsageError, suggestion, type AttackSurface } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import { wholeMix } from '../services/index.js';

/** Refuses liars of a protocol that shows no attack surface, and words that its surface does not know. */
export function requireAttackable(
  scenario: Scenario,
  name: string,
  surface: AttackSurface | undefined,
): void {
  const { faults } = scenario;
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
  requireOwnKeys(scenario);
}

/** What a corrupted client does is in no history, so it must touch nothing that others read: it has keys of its own. */
function requireOwnKeys({ faults, service, workload }: Scenario): void {
  const liar = faults.byzantine.find(({ on }) => on.kind === 'clients');
  const hasOwnKeys = service.name === 'kv' && !((wholeMix(workload)['txn'] ?? 0) > 0);
  if (liar === undefined || hasOwnKeys) return;
  throw new UsageError(
    'impossible',
    `faults.${liar.id}.on: expected servers, got clients: where operations are on more than one key of kv, what a client does cannot be kept from others`,
  );
}

function requireWord(path: string, word: string, known: readonly string[]): void {
  if (known.includes(word)) return;
  throw new UsageError(
    'unknown-word',
    `faults.${path}: expected one of ${known.join(', ')}, got '${word}'`,
    suggestion(word, known),
  );
}
