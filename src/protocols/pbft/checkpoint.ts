/**
 * A checkpoint: the whole replicated state after a batch, as plain data, and its digest (OSDI 1999, §4.3). The
 * digest is of the content, so that whoever is given a state can check it against a certificate. It is put together
 * from digests of parts (TOCS 2002, §5.3).
 */

import type { Plain } from '../../kernel/index.js';
import { executedDigest } from './executed.js';
import type { Sequence } from './messages.js';
import { isList, plainDigest, type Members } from './plain-digest.js';

/** The replicated state. */
export interface PlainState {
  /** Commands executed so far: the place of the last one in the dense order. */
  readonly index: number;
  /** Number of the configuration that executed last, and the place in the dense order after which it began. */
  readonly configuration: number;
  readonly since: number;
  /** The operator's request that this configuration gives way to; null: none. */
  readonly change: Plain;
  /** The requests executed: see executed.ts. */
  readonly executed: Plain;
  readonly service: Plain;
}

export class CheckpointState {
  private cachedText: string | undefined = undefined;

  constructor(
    readonly sequence: Sequence,
    readonly state: PlainState & Plain,
    readonly digest: number,
    /** Size on disk. */
    readonly bytes: number,
  ) {}

  get index(): number {
    return this.state.index;
  }

  /** The state as canonical JSON: equal states have equal texts. */
  get text(): string {
    this.cachedText ??= canonicalText(this.state);
    return this.cachedText;
  }
}

/** Digest of a state whose large parts have these. */
export function stateDigest(state: PlainState, executed: number, service: number): number {
  return plainDigest({ ...state, executed, service });
}

/** The same of a state that anybody may have sent; undefined: it is none. */
export function receivedDigest(received: Plain): number | undefined {
  if (received === null || typeof received !== 'object' || Array.isArray(received)) return undefined;
  const state = received as PlainState & Plain;
  if (state.executed === undefined || state.service === undefined) return undefined;
  const executed = executedDigest(state.executed);
  return executed === undefined ? undefined : stateDigest(state, executed, plainDigest(state.service));
}

/** The canonical text. What is in its order already, as most of a state is, needs no detour. */
function canonicalText(value: Plain): string {
  if (isInOrder(value)) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalText).join(',')}]`;
  const members = value as Members;
  const names = Object.keys(members).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${names.flatMap((name) => textOf(name, members[name])).join(',')}}`;
}

function textOf(name: string, member: Plain | undefined): string[] {
  return member === undefined ? [] : [`${JSON.stringify(name)}:${canonicalText(member)}`];
}

/** True when the members of all objects come in the order of their names. */
function isInOrder(value: Plain | undefined): boolean {
  if (value === undefined || value === null || typeof value !== 'object') return true;
  if (isList(value)) {
    for (let i = 0; i < value.length; i++) if (!isInOrder(value[i])) return false;
    return true;
  }
  const members = value as Members;
  const names = Object.keys(members);
  for (let i = 0; i < names.length; i++) {
    if (i > 0 && (names[i - 1] as string) > (names[i] as string)) return false;
    if (!isInOrder(members[names[i] as string])) return false;
  }
  return true;
}
