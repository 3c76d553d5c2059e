/**
 * Liars as data: who is corrupted, what they do to the messages that they send and get, and when. Resolved to
 * integers; every entry has an id, the semantic key of its decisions.
 */

import type { Micros, ProcessId, Ratio, Variation } from '../../kernel/index.js';

/**
 * Who is corrupted. `nodes`, `clients`: these servers, or clients, from the beginning. `random`: so many servers, those that
 * other entries name before any others. `primary`, `next-primary`: whoever leads the latest view, or will lead the
 * one after it, as long as the failure model bears another liar; once corrupted, a process stays so.
 */
export type Culprits =
  | { readonly kind: 'nodes'; readonly nodes: readonly ProcessId[] }
  | { readonly kind: 'clients'; readonly clients: readonly ProcessId[] }
  | { readonly kind: 'random'; readonly count: number }
  | { readonly kind: 'primary' }
  | { readonly kind: 'next-primary' };

/** To whom it is done; `half`: one half, rounded down, of the servers that are not corrupted, drawn once. */
export type Audience =
  | { readonly kind: 'everybody' }
  | { readonly kind: 'servers' }
  | { readonly kind: 'clients' }
  | { readonly kind: 'half' }
  | { readonly kind: 'random'; readonly count: number }
  | { readonly kind: 'primary' }
  | { readonly kind: 'backups' }
  | { readonly kind: 'nodes'; readonly nodes: readonly ProcessId[] };

/** Which messages an entry concerns: all of it must be true. A message without a view is in every view. */
export interface When {
  /** Undefined: all kinds. */
  readonly kinds: readonly string[] | undefined;
  readonly viewMin: number;
  readonly viewMax: number;
  readonly sequenceMin: number;
  readonly sequenceMax: number;
  readonly to: Audience;
  /** Requests of these clients alone; undefined: of all, and what is no request. */
  readonly clients: readonly ProcessId[] | undefined;
  readonly fromMicros: Micros;
  /** Exclusive; undefined: to the end of the run. */
  readonly untilMicros: Micros | undefined;
  readonly chance: Ratio;
  /** `view-change`: messages of view changes, and all others while a view is being changed. */
  readonly during: 'always' | 'view-change' | 'agreement';
  /** What the sender is in the view of the message. */
  readonly role: 'any' | 'primary' | 'backup';
}

export type Misbehaviour =
  /** Another message for the same place to some of the receivers: see AttackSurface.otherStory. */
  | { readonly do: 'equivocate' }
  | { readonly do: 'silence' }
  | { readonly do: 'delay'; readonly minMicros: Micros; readonly maxMicros: Micros }
  /** One message to each receiver in so long; what comes faster waits. */
  | { readonly do: 'throttle'; readonly everyMicros: Micros }
  /** What is sent to it does not reach it; the audience is who sent it. */
  | { readonly do: 'ignore' }
  /** `field` undefined: drawn for each message. */
  | { readonly do: 'mutate'; readonly field: string | undefined; readonly variation: Variation }
  /** `also`: besides the true message, after it. */
  | { readonly do: 'lie'; readonly lie: string; readonly also: boolean }
  /** Besides, something that the corrupted have sent or got before; `kinds` says what. */
  | { readonly do: 'replay' }
  /** Besides, another's message under its own address, or its own under another's name. */
  | { readonly do: 'impersonate' }
  | { readonly do: 'malform' }
  | { readonly do: 'flood'; readonly copies: number }
  /** A second process with the same identity and address; servers hear now one, now the other. */
  | { readonly do: 'twin'; readonly everyMinMicros: Micros; readonly everyMaxMicros: Micros }
  /** Drawn for each run: from one to three of the others. */
  | { readonly do: 'anything' };

export type ByzantineVerb = Misbehaviour['do'];

export interface ByzantineFault {
  /** Position in the plan, e.g. `byzantine.2`: the key of its decisions. */
  readonly id: string;
  readonly on: Culprits;
  readonly action: Misbehaviour;
  readonly when: When;
}

/** One line each, without a full stop; in the order of the documentation. */
export const BYZANTINE_VERBS: Readonly<Record<ByzantineVerb, string>> = {
  equivocate: 'tells some receivers another story for the same place; colluders tell the same one',
  silence: 'does not send',
  delay: 'sends late',
  throttle: 'sends one message to each receiver in so long',
  ignore: 'does not hear what is sent to it',
  mutate: 'varies one integer of a message, and proves it again',
  lie: "tells one of the lies of the protocol's attack surface",
  replay: 'sends old messages again, its own and those of others',
  impersonate: "sends others' messages as its own, or its own under another's name",
  malform: 'sends what has not the form of a message',
  flood: 'sends many variants of each message besides',
  twin: 'runs twice under one identity, and each server hears one of the two',
  anything: 'one to three of these, drawn for each run',
};

/** The servers that a plan names. */
export function namedServers(plan: readonly ByzantineFault[]): ProcessId[] {
  const named = new Set<ProcessId>();
  for (const { on } of plan) if (on.kind === 'nodes') for (const node of on.nodes) named.add(node);
  return [...named];
}

/** How many servers are corrupted at least, whatever chance says. */
export function leastLiars(plan: readonly ByzantineFault[]): number {
  let most = namedServers(plan).length;
  for (const { on } of plan) {
    if (on.kind === 'random') most = Math.max(most, on.count);
    else if (on.kind === 'primary' || on.kind === 'next-primary') most = Math.max(most, 1);
  }
  return most;
}

/** How many twins run. */
export function twinsOf(plan: readonly ByzantineFault[]): number {
  let twins = 0;
  for (const { on, action } of plan) {
    if (action.do !== 'twin') continue;
    if (on.kind === 'nodes') twins += on.nodes.length;
    else if (on.kind === 'random') twins += on.count;
  }
  return twins;
}
