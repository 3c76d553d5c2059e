/**
 * Judges of recorded histories: what clients of any system invoked and heard, against what that system promises.
 * They know nothing of the simulator. Reading files is not here: see src/node/history-file.ts.
 */

export { checkHistory, HISTORY_MODELS } from './check-history.js';
export type { CheckedHistory, HistoryModel, HistoryOptions } from './check-history.js';
export type { EventType, RecordedEvent } from './recorded.js';
export { GUARANTEES } from './sessions.js';
export type { Guarantee } from './sessions.js';
export type { Anomaly, HistoryReport, HistoryVerdict, SearchFailure } from './verdict.js';
export { checkSequential } from './sequential.js';
export type { SequentialResult } from './sequential.js';
