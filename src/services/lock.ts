/**
 * The replicated lock service, and a resource that its locks protect. A lock is a lease by the time of the log:
 * it ends by itself, whether or not its holder knows. Nobody can make a holder know in time (it may be paused), so
 * every acquisition comes with a fencing token that grows, and the resource refuses a token lower than the highest
 * it has accepted: Burrows, "The Chubby lock service" (OSDI 2006), §2.4, sequencers; Kleppmann, "How to do
 * distributed locking" (2016).
 *
 * The resource lies in the same order but is on its own: it knows tokens, not who holds what.
 *
 * Every input has an answer; one that is no operation changes nothing.
 */

import { assert, hashString, mix32, mixInteger } from '../kernel/index.js';
import type { Command, Micros, Plain, ProcessId, Result, StateMachine } from '../kernel/index.js';

export type LockOperation =
  /**
   * `{ token, at, until }`: held by the client from log time `at` until `until`; its holder renews it so, under the
   * same token. `{ held, at, until }`: by somebody else with token `held`, until then.
   */
  | { readonly op: 'acquire'; readonly lock: number }
  /** `{ released }`: false when the token is not the one that holds the lock. */
  | { readonly op: 'release'; readonly lock: number; readonly token: number }
  /** At the resource. `{ ok: true }`, or `{ refused }`: the token was lower than this one. */
  | { readonly op: 'write'; readonly lock: number; readonly token: number; readonly value: string }
  /** At the resource. `{ value, token }`: what was written last, and with which token; null and 0 at first. */
  | { readonly op: 'read'; readonly lock: number };

export interface LockSettings {
  /** Locks are numbered from 0; each protects a resource of its own. */
  readonly locks: number;
  /** How long an acquisition lasts, by the time of the log; 0: until it is released. */
  readonly leaseMicros: Micros;
}

/** A lock and its resource. */
export class LockState {
  /** -1: free. */
  holder: ProcessId = -1;
  /** Of the latest acquisition; 0 before the first. */
  token = 0;
  until: Micros = 0;
  /** Highest token that the resource has accepted. */
  fence = 0;
  value: string | null = null;

  clone(): LockState {
    return Object.assign(new LockState(), this);
  }
}

const OK = Object.freeze({ ok: true });
const RELEASED = Object.freeze({ released: true });
const NOT_RELEASED = Object.freeze({ released: false });
const MALFORMED = Object.freeze({ error: 'malformed' });
/** Longest text of a resource, in UTF-16 code units. */
const MAX_TEXT = 1024;

/** A command's input before it is known to be an operation. */
interface RawOperation {
  readonly op?: unknown;
  readonly lock?: unknown;
  readonly token?: unknown;
  readonly value?: unknown;
}

export class LockService implements StateMachine {
  protected locks: LockState[] = [];
  private rolling = 0x6c6f636b;

  constructor(protected readonly settings: LockSettings) {
    for (let lock = 0; lock < settings.locks; lock++) this.locks.push(new LockState());
  }

  apply(command: Command, timeMicros: Micros): Result {
    const result = this.execute(command, timeMicros);
    this.rolling = mixInteger(mix32(this.rolling, command.hash), timeMicros);
    return result;
  }

  query({ input }: Command): Result | undefined {
    if (input === null || typeof input !== 'object') return undefined;
    const { op, lock } = input as RawOperation;
    const state = typeof lock === 'number' ? this.locks[lock] : undefined;
    return op === 'read' && state !== undefined ? read(state) : undefined;
  }

  digest(): number {
    return this.rolling;
  }

  snapshot(): Plain {
    const locks = this.locks.map(({ holder, token, until, fence, value }) => [
      holder,
      token,
      until,
      fence,
      value,
    ]);
    return { digest: this.rolling, locks };
  }

  restore(snapshot: Plain): void {
    const { digest, locks } = snapshot as { readonly digest?: Plain; readonly locks?: Plain };
    assert(typeof digest === 'number' && Array.isArray(locks), 'lock: a snapshot has a digest and locks');
    this.rolling = digest;
    this.locks = (locks as readonly [number, number, number, number, string | null][]).map((row) => {
      const [holder, token, until, fence, value] = row;
      return Object.assign(new LockState(), { holder, token, until, fence, value });
    });
  }

  clone(): LockService {
    const copy = new (this.constructor as new (settings: LockSettings) => LockService)(this.settings);
    copy.locks = this.locks.map((state) => state.clone());
    copy.rolling = this.rolling;
    return copy;
  }

  private execute({ client, input }: Command, now: Micros): Result {
    if (input === null || typeof input !== 'object') return MALFORMED;
    const { op, lock, token, value } = input as RawOperation;
    const state = typeof lock === 'number' ? this.locks[lock] : undefined;
    if (state === undefined) return MALFORMED;
    if (op === 'read') return read(state);
    if (op === 'acquire') return this.acquire(state, client, now);
    if (!Number.isSafeInteger(token)) return MALFORMED;
    if (op === 'release') return this.release(state, token as number);
    if (op !== 'write' || typeof value !== 'string' || value.length > MAX_TEXT) return MALFORMED;
    return this.write(state, token as number, value);
  }

  protected acquire(state: LockState, client: ProcessId, now: Micros): Result {
    if (this.isHeld(state, now) && state.holder !== client)
      return { held: state.token, at: now, until: state.until };
    if (!this.isHeld(state, now)) state.token = this.nextToken(state);
    state.holder = client;
    state.until = now + this.settings.leaseMicros;
    return { token: state.token, at: now, until: state.until };
  }

  /** False once the lease has ended, whatever its holder believes. */
  protected isHeld({ holder, until }: LockState, now: Micros): boolean {
    return holder >= 0 && (this.settings.leaseMicros === 0 || now < until);
  }

  protected nextToken(state: LockState): number {
    return state.token + 1;
  }

  protected release(state: LockState, token: number): Result {
    if (state.holder < 0 || !this.mayRelease(state, token)) return NOT_RELEASED;
    state.holder = -1;
    return RELEASED;
  }

  protected mayRelease(state: LockState, token: number): boolean {
    return state.token === token;
  }

  protected write(state: LockState, token: number, value: string): Result {
    if (!this.isAccepted(state, token)) return { refused: state.fence };
    state.fence = token;
    state.value = value;
    this.rolling = mix32(this.rolling, hashString(value));
    return OK;
  }

  /** The resource's own check. */
  protected isAccepted({ fence }: LockState, token: number): boolean {
    return token >= fence;
  }
}

function read({ value, fence }: LockState): Result {
  return { value, token: fence };
}
