/** Misbehaviour drawn by chance: what a liar of which nothing is known but that it lies may do in one run. */

import type { AttackSurface, Micros, Variation } from '../../kernel/index.js';
import type { Audience, ByzantineVerb, Misbehaviour, When } from './plan.js';

export type DrawChoice = (what: string, min: number, max: number) => number;

/** What chance may choose; a twin takes a process of its own. Those that are worth more stand here twice. */
const VERBS = [
  'equivocate',
  'equivocate',
  'lie',
  'lie',
  'lie',
  'mutate',
  'silence',
  'delay',
  'throttle',
  'ignore',
  'replay',
  'impersonate',
  'malform',
  'flood',
] as const satisfies readonly ByzantineVerb[];

const VARIATIONS: readonly Variation[] = ['step', 'step', 'prior', 'window', 'huge'];
const CHANCES = [1, 2, 4, 16] as const;
const AUDIENCES: readonly Audience['kind'][] = ['everybody', 'half', 'half', 'primary', 'backups'];
const LONGEST_DELAY: Micros = 400_000;
const LONGEST_WINDOW: Micros = 8_000_000;
const MOST_COPIES = 4;
const MOST_RULES = 3;

/** An action and when it is done. */
export interface DrawnRule {
  readonly action: Misbehaviour;
  readonly when: When;
}

/** From one to three actions, within what the entry's own `when` leaves open. */
export function drawRules(surface: AttackSurface, within: When, draw: DrawChoice): DrawnRule[] {
  const count = draw('rules', 1, MOST_RULES);
  return Array.from({ length: count }, () => drawRule(surface, within, draw));
}

function drawRule(surface: AttackSurface, within: When, draw: DrawChoice): DrawnRule {
  const kinds = within.kinds ?? surface.serverKinds;
  const action = drawAction(surface, kinds, draw);
  const lie = action.do === 'lie' ? surface.lies.find(({ name }) => name === action.lie) : undefined;
  const kind = draw('kind', 0, kinds.length);
  const fromMicros = within.fromMicros + (draw('later', 0, 1) === 0 ? 0 : draw('from', 0, LONGEST_WINDOW));
  const lasts = draw('ends', 0, 1) === 0 ? undefined : fromMicros + draw('lasts', 1, LONGEST_WINDOW);
  const audience = AUDIENCES[draw('audience', 0, AUDIENCES.length - 1)] ?? 'everybody';
  return {
    action,
    when: {
      ...within,
      kinds:
        lie === undefined ? (kind === 0 ? within.kinds : [kinds[kind - 1] as string]) : toldIn(lie, within),
      to: within.to.kind === 'everybody' ? ({ kind: audience } as Audience) : within.to,
      fromMicros,
      untilMicros: earlier(lasts, within.untilMicros),
      chance: {
        numerator: within.chance.numerator,
        denominator: within.chance.denominator * (CHANCES[draw('chance', 0, CHANCES.length - 1)] ?? 1),
      },
    },
  };
}

/** Kinds of messages by which the lie can be told. */
function toldIn({ kinds }: AttackSurface['lies'][number], within: When): readonly string[] {
  return within.kinds === undefined ? kinds : kinds.filter((kind) => within.kinds?.includes(kind));
}

/** Undefined: never. */
function earlier(one: Micros | undefined, other: Micros | undefined): Micros | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function drawAction(surface: AttackSurface, kinds: readonly string[], draw: DrawChoice): Misbehaviour {
  const verb = VERBS[draw('verb', 0, VERBS.length - 1)] ?? 'equivocate';
  switch (verb) {
    case 'lie': {
      const told = surface.lies.filter((lie) => lie.kinds.some((kind) => kinds.includes(kind)));
      if (told.length === 0) return { do: 'equivocate' };
      const lie = told[draw('lie', 0, told.length - 1)]?.name ?? '';
      return { do: verb, lie, also: draw('also', 0, 1) === 1 };
    }
    case 'mutate': {
      const place = draw('mutated', 0, surface.fields.length);
      const variation = VARIATIONS[draw('variation', 0, VARIATIONS.length - 1)] ?? 'step';
      return { do: verb, field: place === 0 ? undefined : surface.fields[place - 1], variation };
    }
    case 'delay': {
      const minMicros = draw('least delay', 0, LONGEST_DELAY);
      return { do: verb, minMicros, maxMicros: minMicros + draw('spread', 0, LONGEST_DELAY) };
    }
    case 'throttle':
      return { do: verb, everyMicros: draw('rate', 1000, LONGEST_DELAY) };
    case 'flood':
      return { do: verb, copies: draw('copies', 1, MOST_COPIES) };
    default:
      return { do: verb };
  }
}
