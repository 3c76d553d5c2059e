/**
 * The linearizability checker: models of objects, the check itself, and readers of recorded histories.
 * It knows nothing of the simulator: a history is an array of operations with times.
 */

export { ILLEGAL } from './model.js';
export type { Effect, HistoryOperation, Illegal, Model, SearchHints } from './model.js';
export { checkLinearizability } from './wgl.js';
export type { FailingPrefix, LinearizabilityOptions, LinearizabilityResult, Verdict } from './wgl.js';
export { registerModel } from './register-model.js';
export type { RegisterInput, RegisterOutput, RegisterState, RegisterValue } from './register-model.js';
export { kvModel, kvStoreModel } from './kv-model.js';
export type { KvInput, KvModelOptions, KvOutput, KvState, KvStoreState } from './kv-model.js';
export { parseKvLog, parseRegisterLog } from './parse-jepsen.js';
export type { ParsedHistory } from './parse-jepsen.js';
