/**
 * Exactly-once: client sessions around any service (Ongaro, "Consensus: Bridging Theory and Practice",
 * §6.3). A command that comes a second time, because its client retried or the network repeated it,
 * changes nothing and gets the first answer.
 *
 * Sessions are replicated state: they follow from the log alone and are part of snapshot, digest and
 * clone. A session opens with its client's first command. All bounds work by the order of the log and the
 * log's own time, never by a clock, which replicas do not share:
 *
 * - per client, the results of the last `window` sequence numbers up to the highest executed. Below that
 *   lies the floor: whether such a command was executed is no longer known, so it is answered with
 *   `session-expired` and is not executed (a second execution is worse than none);
 * - `maxClients` sessions; then the one that has executed nothing for longest is forgotten. Its client
 *   may still retry, and nothing tells it from a client never seen. So one number, the highest sequence
 *   of all forgotten sessions, is the floor under every session opened later;
 * - `timeoutMicros` of log time without an execution; then the session is forgotten in the same way, just
 *   before the next execution. A repeated or expired command forgets nobody: it must not change the state.
 *
 * Left out: clients that lie about their sequence numbers (they can only hurt themselves, unless the
 * table overflows and their number becomes everybody's floor).
 *
 * Decomposed on purpose: a bug of the zoo is a subclass that overrides one small method.
 */

import {
  assert,
  mix32,
  mixInteger,
  plainBytes,
  type Command,
  type Micros,
  type Plain,
  type ProcessId,
} from '../kernel/index.js';
import type { Result, StateMachine } from '../kernel/index.js';
import { Session, SessionTable } from './session-table.js';

export interface SessionLimits {
  /** Most sessions at a time. */
  readonly maxClients: number;
  /** Sequence numbers whose results are kept per client: more than a client has outstanding at a time. */
  readonly window: number;
  /** Log time without an execution after which a session is forgotten; 0: never. */
  readonly timeoutMicros: Micros;
}

export const DEFAULT_SESSION_LIMITS: SessionLimits = { maxClients: 1024, window: 128, timeoutMicros: 0 };

/** Bytes of a session but for its results, and of a result's sequence number; roughly. */
const SESSION_BYTES = 80;
const RESULT_BYTES = 12;

const SESSION_EXPIRED = Object.freeze({ error: 'session-expired' });
const MALFORMED = Object.freeze({ error: 'malformed' });

/** True for the answer to a command below the floor: it may have been executed long ago, or never. */
export function isSessionExpired(result: Result): boolean {
  if (result === null || typeof result !== 'object') return false;
  return (result as { readonly error?: Plain }).error === SESSION_EXPIRED.error;
}

export class SessionedService implements StateMachine {
  protected readonly sessions: SessionTable;
  /** Floor of sessions yet to be opened: the highest sequence of any forgotten session. */
  protected forgottenFloor: number;
  private executions: number;
  private rolling: number;

  constructor(
    protected readonly inner: StateMachine,
    protected readonly limits: SessionLimits = DEFAULT_SESSION_LIMITS,
  ) {
    assert(limits.maxClients > 0 && limits.window > 0, 'sessions: limits are positive');
    assert(limits.timeoutMicros >= 0, 'sessions: a timeout is not negative');
    this.sessions = new SessionTable();
    this.forgottenFloor = 0;
    this.executions = 0;
    this.rolling = 0x73657373;
  }

  apply(command: Command, timeMicros: Micros = 0): Result {
    const { client, sequence } = command;
    if (!Number.isSafeInteger(sequence) || sequence < 1) return MALFORMED;
    const session = this.sessions.get(client);
    if (session === undefined) {
      if (sequence <= this.forgottenFloor) return SESSION_EXPIRED;
    } else {
      if (this.isExpired(session, sequence)) return SESSION_EXPIRED;
      if (this.isDuplicate(session, sequence)) return this.firstResult(session, sequence);
    }
    // It was never executed. That stays true of it if its own session is among those forgotten now.
    this.forgetIdle(timeMicros);
    return this.execute(command, this.sessions.get(client) ?? this.openSession(client), timeMicros);
  }

  /** A read needs no session: it changes nothing, however often it is served. */
  query(command: Command): Result | undefined {
    return this.inner.query?.(command);
  }

  takeDivergence(): string | undefined {
    return this.inner.takeDivergence?.();
  }

  digest(): number {
    return mix32(this.inner.digest(), this.rolling);
  }

  snapshot(): Plain {
    return { service: this.inner.snapshot(), sessions: this.snapshotSessions() };
  }

  snapshotBytes(): number {
    let bytes = this.inner.snapshotBytes?.() ?? plainBytes(this.inner.snapshot());
    for (const session of this.sessions.inOrder()) {
      bytes += SESSION_BYTES + RESULT_BYTES * session.results.length + session.resultBytes();
    }
    return bytes;
  }

  restore(snapshot: Plain): void {
    assert(snapshot !== null && typeof snapshot === 'object', 'sessions: a snapshot is an object');
    const { service, sessions } = snapshot as { readonly service?: Plain; readonly sessions?: Plain };
    assert(service !== undefined && sessions !== undefined, 'sessions: a snapshot has service and sessions');
    this.inner.restore(service);
    this.forgetSessions();
    this.restoreSessions(sessions);
  }

  clone(): SessionedService {
    const Self = this.constructor as new (inner: StateMachine, limits: SessionLimits) => SessionedService;
    const copy = new Self(this.inner.clone(), this.limits);
    copy.sessions.copyFrom(this.sessions);
    copy.forgottenFloor = this.forgottenFloor;
    copy.executions = this.executions;
    copy.rolling = this.rolling;
    return copy;
  }

  /** True when nobody knows any more whether this command was executed. */
  protected isExpired(session: Session, sequence: number): boolean {
    return sequence <= session.floor;
  }

  /** True when this very command was executed before. */
  protected isDuplicate(session: Session, sequence: number): boolean {
    return session.sequences[this.place(sequence)] === sequence;
  }

  /** The answer that a duplicate gets. */
  protected firstResult(session: Session, sequence: number): Result {
    return session.results[this.place(sequence)] as Result;
  }

  protected execute(command: Command, session: Session, timeMicros: Micros): Result {
    const result = this.inner.apply(command, timeMicros);
    this.remember(session, command, result, timeMicros);
    return result;
  }

  /** Keeps the result for duplicates and moves the window. */
  protected remember(session: Session, command: Command, result: Result, timeMicros: Micros): void {
    const { sequence } = command;
    session.keep(this.place(sequence), sequence, result);
    if (sequence > session.highest) {
      session.highest = sequence;
      if (sequence - this.limits.window > session.floor) session.floor = sequence - this.limits.window;
    }
    session.lastExecution = ++this.executions;
    this.sessions.touch(session);
    this.rolling = mix32(mixInteger(mix32(this.rolling, command.client), sequence), command.hash);
    if (this.limits.timeoutMicros === 0) return;
    session.lastMicros = timeMicros;
    this.rolling = mixInteger(this.rolling, timeMicros);
  }

  protected openSession(client: ProcessId): Session {
    if (this.sessions.size >= this.limits.maxClients) this.forgetOldest();
    const session = new Session(client, this.forgottenFloor);
    this.sessions.add(session);
    return session;
  }

  /** Forgets the sessions that have executed nothing for too long. Each is forgotten once: cheap on average. */
  protected forgetIdle(timeMicros: Micros): void {
    const { timeoutMicros } = this.limits;
    if (timeoutMicros === 0) return;
    for (;;) {
      const { oldest } = this.sessions;
      if (oldest === undefined || timeMicros - oldest.lastMicros <= timeoutMicros) return;
      this.forgetOldest();
    }
  }

  /** Forgets the session that has executed nothing for longest, and raises the floor of those to come. */
  protected forgetOldest(): void {
    const forgotten = this.sessions.oldest;
    assert(forgotten !== undefined, 'sessions: there is a session to forget');
    if (forgotten.highest > this.forgottenFloor) this.forgottenFloor = forgotten.highest;
    this.sessions.remove(forgotten);
    this.rolling = mixInteger(mix32(this.rolling, forgotten.client), this.forgottenFloor);
  }

  /** Back to no sessions at all, as before the first command. */
  protected forgetSessions(): void {
    this.sessions.clear();
    this.forgottenFloor = 0;
    this.executions = 0;
    this.rolling = 0x73657373;
  }

  protected snapshotSessions(): Plain {
    const table = this.sessions.inOrder().map((session) => this.encodeSession(session));
    const { forgottenFloor, executions, rolling } = this;
    return { forgottenFloor, executions, digest: rolling, table };
  }

  protected restoreSessions(snapshot: Plain): void {
    const { forgottenFloor, executions, digest, table } = snapshot as unknown as SessionsSnapshot;
    assert(
      Array.isArray(table) && typeof digest === 'number',
      'sessions: a snapshot has a table and a digest',
    );
    assert(Number.isSafeInteger(forgottenFloor), 'sessions: a snapshot has a floor');
    assert(Number.isSafeInteger(executions), 'sessions: a snapshot has a count of executions');
    const rows = [...(table as SessionsSnapshot['table'])].sort((a, b) => a.lastExecution - b.lastExecution);
    for (const row of rows) {
      const session = new Session(row.client, row.floor);
      session.highest = row.highest;
      session.lastExecution = row.lastExecution;
      session.lastMicros = row.lastMicros;
      for (const [sequence, result] of row.results) {
        session.keep(this.place(sequence), sequence, result);
      }
      this.sessions.add(session);
    }
    this.forgottenFloor = forgottenFloor;
    this.executions = executions;
    this.rolling = digest;
  }

  private encodeSession(session: Session): Plain {
    const { client, highest, floor, lastExecution, lastMicros } = session;
    const results = session.encodeResults(this.limits.window);
    return { client, highest, floor, lastExecution, lastMicros, results };
  }

  private place(sequence: number): number {
    return (sequence - 1) % this.limits.window;
  }
}

/** The sessions' part of a snapshot. */
interface SessionsSnapshot {
  readonly forgottenFloor: number;
  readonly executions: number;
  readonly digest: number;
  readonly table: readonly {
    readonly client: ProcessId;
    readonly highest: number;
    readonly floor: number;
    readonly lastExecution: number;
    readonly lastMicros: Micros;
    readonly results: readonly (readonly [number, Result])[];
  }[];
}
