/**
 * Ghost: what every key of the key-value service holds at a place of the agreed order, and how sure that is.
 *
 * - `sure`: no order of what is settled could leave anything else, as far as the agreed order is the one.
 * - `likely`: it rests on an operation whose client never heard whether it took effect. Good enough to
 *   explain later answers by; not to find fault with them.
 * - `unknown`: the history before was given up.
 */

import { ILLEGAL, kvModel, type KvInput, type KvOutput, type KvState } from '../linearizability/index.js';

export interface KeyState {
  readonly value: KvState;
  readonly certainty: 'sure' | 'likely' | 'unknown';
}

const MODEL = kvModel();
const INITIAL: KeyState = { value: MODEL.init(), certainty: 'sure' };
const UNKNOWN: KeyState = { value: undefined, certainty: 'unknown' };

export class KeyStates {
  private states = new Map<string, KeyState>();
  /** What a key that is not in the map holds. */
  private others = INITIAL;

  of(key: string): KeyState {
    return this.states.get(key) ?? this.others;
  }

  /** From here on nothing is known of any key. */
  giveUp(): void {
    this.states.clear();
    this.others = UNKNOWN;
  }

  /** Takes over what changed. */
  commit(changed: ReadonlyMap<string, KeyState>): void {
    for (const [key, state] of changed) this.states.set(key, state);
  }

  clone(): KeyStates {
    const copy = new KeyStates();
    copy.states = new Map(this.states);
    copy.others = this.others;
    return copy;
  }
}

/** The state after an operation; undefined when its answer does not follow from the state before. */
export function stateAfter(
  before: KeyState,
  input: KvInput,
  output: KvOutput | undefined,
): KeyState | undefined {
  // The usual case: where all was known, and the answer is, all still is.
  if (before.certainty === 'sure' && output !== undefined) {
    const value = MODEL.step(before.value, input, output);
    if (value === ILLEGAL) return undefined;
    return value === before.value ? before : { value, certainty: 'sure' };
  }
  const told = valueToldBy(input, output);
  if (before.certainty === 'unknown') {
    return told === undefined ? before : { value: told[0], certainty: certaintyOf(output) };
  }
  const value = MODEL.step(before.value, input, output);
  if (value === ILLEGAL) return undefined;
  const certainty =
    told !== undefined ? certaintyOf(output) : output === undefined ? 'likely' : before.certainty;
  return value === before.value && certainty === before.certainty ? before : { value, certainty };
}

function certaintyOf(output: KvOutput | undefined): KeyState['certainty'] {
  return output === undefined ? 'likely' : 'sure';
}

/** The one value that the key has after the operation whatever it had before; undefined when there are several. */
function valueToldBy(input: KvInput, output: KvOutput | undefined): readonly [KvState] | undefined {
  const { hints } = MODEL;
  const effect = hints?.effect?.(input, output);
  if (effect === 'overwrite') return hints?.leavesIn?.(input, output);
  if (effect !== 'none') return undefined;
  const legality = hints?.legality?.(input, output);
  return legality?.kind === 'in' && legality.states.length === 1 ? [legality.states[0]] : undefined;
}
