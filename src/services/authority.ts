/**
 * Who may ask for what, and when: capabilities of clients and operators, scoped by purpose and by virtual time. They
 * are handed out with the scenario and do not change. Each server holds what comes to its door against them: what
 * no capability covers is turned away there, changes nothing, and is counted and reported.
 *
 * In a protocol that tolerates liars a capability is what correct servers go by at their doors: a primary that lies
 * may propose what it should have turned away, as long as the client signed it. So there, authority holds for
 * correct clients' servers, and expiry is not part of what is agreed on.
 */

import type { Micros, Plain, ProcessId } from '../kernel/index.js';

export interface Capability {
  readonly holders: readonly ProcessId[];
  /** Operations, or an operator's verbs; undefined: any. */
  readonly purposes: readonly string[] | undefined;
  /** From here on … */
  readonly fromMicros: Micros;
  /** … and before this; undefined: for ever. */
  readonly untilMicros: Micros | undefined;
}

/**
 * `unauthorised`: no capability covers the purpose. `not-yet-valid`, `expired`: one does, but not now.
 * `impersonated`: the message comes from another client than it names, as a replayed one does.
 */
export type DenialReason = 'unauthorised' | 'not-yet-valid' | 'expired' | 'impersonated';

export class Authority {
  constructor(protected readonly capabilities: readonly Capability[]) {}

  /** Why this may not be asked for now; undefined when it may. */
  judge(process: ProcessId, purpose: string, now: Micros): DenialReason | undefined {
    let reason: DenialReason = 'unauthorised';
    for (const capability of this.capabilities) {
      if (!this.covers(capability, process, purpose)) continue;
      const { fromMicros } = capability;
      if (now < fromMicros) reason = 'not-yet-valid';
      else if (!this.hasExpired(capability, now)) return undefined;
      else if (reason === 'unauthorised') reason = 'expired';
    }
    return reason;
  }

  protected covers({ holders, purposes }: Capability, process: ProcessId, purpose: string): boolean {
    return holders.includes(process) && (purposes === undefined || purposes.includes(purpose));
  }

  protected hasExpired({ untilMicros }: Capability, now: Micros): boolean {
    return untilMicros !== undefined && now >= untilMicros;
  }
}

/** What an input asks for: the name of a client's operation, an operator's verb; empty for one that has none. */
export function purposeOf(input: Plain): string {
  if (input === null || typeof input !== 'object') return '';
  const { op, do: verb } = input as { readonly op?: Plain; readonly do?: Plain };
  if (typeof op === 'string') return op;
  return typeof verb === 'string' ? verb : '';
}
