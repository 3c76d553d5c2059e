/** The judges of queues and streams in a run: one history, judged for all that is promised of it. */

import type { HistoryEvent } from '../../../kernel/index.js';
import { readStreamSettings, type StreamSettings } from '../../../services/index.js';
import type { RunGhost } from '../../any/ghost.js';
import type { InvariantInfo, ViolationSink } from '../../checker.js';
import type { StreamAnomaly } from '../../history/stream-judge.js';
import type { ServiceJudge, ServiceJudges } from '../judge.js';
import {
  BROKEN_BY,
  STREAM_COMMITS,
  STREAM_DEAD_LETTERS,
  STREAM_INVARIANTS,
  STREAM_LEASES,
} from './invariants.js';
import { operationName, StreamHistory, type StreamHistoryListener } from './stream-history.js';

class StreamServiceJudge implements ServiceJudge, StreamHistoryListener {
  private readonly history: StreamHistory;

  constructor(
    private readonly ghost: RunGhost,
    private readonly sink: ViolationSink,
    private readonly settings: StreamSettings,
    original?: StreamServiceJudge,
  ) {
    this.history = original?.history.clone(this) ?? new StreamHistory(this, settings);
  }

  onPlace(): void {
    // Judged by what clients see alone.
  }

  onHistory(event: HistoryEvent): void {
    this.history.tell(event);
  }

  onEnd(): void {
    this.history.end();
  }

  found(kind: StreamAnomaly, message: string): void {
    this.report(BROKEN_BY[kind], message);
  }

  leases(message: string): void {
    this.report(STREAM_LEASES, message);
  }

  deadLetters(message: string): void {
    this.report(STREAM_DEAD_LETTERS, message);
  }

  commits(message: string): void {
    this.report(STREAM_COMMITS, message);
  }

  name(operation: number): string {
    return operationName(operation, this.ghost.servers);
  }

  clone(ghost: RunGhost, sink: ViolationSink): StreamServiceJudge {
    return new StreamServiceJudge(ghost, sink, this.settings, this);
  }

  private report({ id }: InvariantInfo, message: string): void {
    this.sink.report(id, message);
  }
}

export const STREAM_JUDGES: ServiceJudges = {
  history: 'stream',
  invariants: STREAM_INVARIANTS,
  create: (ghost, sink, { settings }) => [new StreamServiceJudge(ghost, sink, readStreamSettings(settings))],
};
