/** A user's own protocol: checked against the contract before it runs, so that a slip is told in words. */

import {
  COMMON_WORDS,
  UsageError,
  excerpt,
  nearest,
  received,
  suggestion,
  type Protocol,
} from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import { createConfiguredService } from '../services/index.js';
import type { Implementation } from './implementation.js';

const REQUIRED = ['settings', 'createReplica', 'createDriver', 'maxTimerMicros'] as const;
const OPTIONAL = ['hashMessage', 'messageBytes', 'format'] as const;

/** A user's protocol under a scenario's service. */
export function userImplementation(scenario: Scenario, protocol: Protocol): Implementation {
  const { service } = scenario;
  return { protocol, createService: () => createConfiguredService(service), bug: undefined };
}

/** The value as a protocol; throws UsageError naming the first thing that is missing. `place` says whose it is. */
export function checkProtocol(value: unknown, place: string): Protocol {
  if (value === null || typeof value !== 'object') {
    const isFunction = typeof value === 'function';
    const hint = isFunction ? 'give the protocol object itself, not a function that makes it' : undefined;
    throw new UsageError(
      'bad-protocol',
      `${place}: expected a protocol object, got ${received(value)}`,
      hint,
    );
  }
  const protocol = value as Readonly<Record<string, unknown>>;
  const name = protocol['name'];
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{0,47}$/.test(name)) {
    throw new UsageError(
      'bad-protocol',
      `${place}: name: expected a short name such as 'my-protocol', got ${received(name)}`,
    );
  }
  for (const key of REQUIRED)
    if (typeof protocol[key] !== 'function') throw notAFunction(place, key, protocol);
  for (const key of OPTIONAL) {
    if (protocol[key] !== undefined && typeof protocol[key] !== 'function')
      throw notAFunction(place, key, protocol);
  }
  checkWords(protocol['words'], place);
  const votes = protocol['votes'];
  if (votes !== undefined && !(Array.isArray(votes) && votes.every((kind) => typeof kind === 'string'))) {
    throw new UsageError(
      'bad-protocol',
      `${place}: votes: expected a list of kinds of messages, got ${received(votes)}`,
    );
  }
  return value as Protocol;
}

/** What stories call things. */
function checkWords(words: unknown, place: string): void {
  if (words === undefined) return;
  const known = Object.keys(COMMON_WORDS);
  const expected = `an object with ${known.join(', ')}`;
  if (words === null || typeof words !== 'object') {
    throw new UsageError('bad-protocol', `${place}: words: expected ${expected}, got ${received(words)}`);
  }
  for (const [key, word] of Object.entries(words)) {
    if (known.includes(key) && typeof word === 'string' && /^[a-z][a-z -]{0,29}$/.test(word)) continue;
    throw new UsageError(
      'bad-protocol',
      known.includes(key)
        ? `${place}: words.${key}: expected a word in small letters, got ${received(word)}`
        : `${place}: words: expected ${expected}, got the key '${excerpt(key)}'`,
      suggestion(key, known),
    );
  }
}

function notAFunction(place: string, key: string, protocol: Readonly<Record<string, unknown>>): UsageError {
  const near =
    protocol[key] === undefined
      ? nearest(
          key,
          Object.keys(protocol).filter((name) => name !== key),
        )
      : undefined;
  const hint =
    near === undefined ? "see the type Protocol of 'faultline/protocol'" : `did you mean it by '${near}'?`;
  return new UsageError(
    'bad-protocol',
    `${place}: ${key}: expected a function, got ${received(protocol[key])}`,
    hint,
  );
}
