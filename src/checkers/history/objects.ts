/**
 * Judges of objects by a sequential model: recorded operations become the model's, and a search for an order answers.
 *
 * Registers: `read`, `write` v, `cas` [expected, new]; maps: `get`, `put`, `delete`, `cas`, `append` by key; queues:
 * `enqueue` v, `dequeue`. A `cas` that fails found another value, and is judged; whatever else fails did not happen.
 */

import type { Plain } from '../../kernel/index.js';
import { kvModel, kvStoreModel, type KvInput, type KvOutput } from '../linearizability/kv-model.js';
import type { HistoryOperation, Model } from '../linearizability/model.js';
import { queueModel, type QueueInput, type QueueOutput } from '../linearizability/queue-model.js';
import { checkLinearizability } from '../linearizability/wgl.js';
import { judgeUniqueQueue, type QueueOperation } from './queues.js';
import { type RecordedOperation, ShapeError, textOf } from './recorded.js';
import { checkSequential } from './sequential.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';

export interface ObjectOptions {
  /** Default linearizable. */
  readonly consistency?: 'linearizable' | 'sequential';
  /** Take all keys as one object: slower, the same verdict for linearizability. Default false. */
  readonly whole?: boolean;
  /** What a register, or every key, holds at first; absent unless given. */
  readonly initial?: Plain;
  readonly maxSteps?: number;
}

type KvOperation = HistoryOperation<KvInput, KvOutput>;

/** Throws {@link ShapeError}. */
export function judgeRegisters(
  operations: readonly RecordedOperation[],
  options: ObjectOptions,
): HistoryReport {
  const history = operations.flatMap(readRegister);
  const model = mapModel(options, textOf);
  const { key, ...single } = model;
  const named = operations.some((operation) => operation.key !== undefined) && key !== undefined;
  return search({ ...(named ? model : single), describe: describeRegister }, history, operations, options);
}

/** Throws {@link ShapeError}. */
export function judgeMaps(operations: readonly RecordedOperation[], options: ObjectOptions): HistoryReport {
  const history = operations.flatMap(readMap);
  return search(mapModel(options, String), history, operations, options);
}

type MapModel = Model<unknown, KvInput, KvOutput>;

function mapModel(options: ObjectOptions, toText: (value: Plain) => string): MapModel {
  const initial = options.initial ?? null;
  const settings = initial === null ? {} : { initialValue: toText(initial) };
  const { consistency, whole } = options;
  // Sequential consistency of every key alone does not make that of the whole.
  const isOne = consistency === 'sequential' || whole === true;
  return (isOne ? kvStoreModel(settings) : kvModel(settings)) as MapModel;
}

const REGISTER_WORDS = { get: 'read', put: 'write', cas: 'cas', delete: 'delete', append: 'append' } as const;

/** `read x -> 3`; values are texts of plain data already. */
function describeRegister(input: KvInput, output: KvOutput | undefined): string {
  const key = input.key === '' ? '' : ` ${input.key}`;
  const expected = input.op === 'cas' ? ` ${input.expected ?? 'null'}` : '';
  const value = 'value' in input ? ` ${input.value}` : '';
  return `${REGISTER_WORDS[input.op]}${key}${expected}${value} -> ${describeOutput(output)}`;
}

function describeOutput(output: KvOutput | undefined): string {
  if (output === undefined) return 'unknown';
  if ('value' in output) return output.value ?? 'null';
  if ('swapped' in output) return output.swapped ? 'swapped' : 'found another value';
  return 'ok';
}

/** Throws {@link ShapeError}. */
export function judgeQueue(operations: readonly RecordedOperation[], options: ObjectOptions): HistoryReport {
  const enqueues: QueueOperation[] = [];
  const dequeues: QueueOperation[] = [];
  const history: HistoryOperation<QueueInput, QueueOutput>[] = [];
  for (const operation of operations) {
    const { id, f, line, process, outcome, input, output, call, return: returned } = operation;
    if (f !== 'enqueue' && f !== 'dequeue') throw new ShapeError(line, `enqueue or dequeue, not ${f}`);
    if (outcome === 'fail') continue;
    const isKnown = outcome === 'ok';
    const times = { id, process, call, return: returned };
    if (f === 'enqueue') {
      const text = textOf(input);
      enqueues.push({ operation, text });
      history.push({
        ...times,
        input: { op: 'enqueue', value: text },
        output: isKnown ? { ok: true } : undefined,
      });
      continue;
    }
    const text = output === null ? null : textOf(output);
    dequeues.push({ operation, text });
    history.push({ ...times, input: { op: 'dequeue' }, output: isKnown ? { value: text } : undefined });
  }
  const fast = options.consistency === 'sequential' ? undefined : judgeUniqueQueue(enqueues, dequeues);
  return fast ?? search(queueModel(), history, operations, options);
}

function search<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
  operations: readonly RecordedOperation[],
  options: ObjectOptions,
): HistoryReport {
  const anomalies = new Anomalies();
  const lineOf = (id: number): number => operations[id]?.line ?? 0;
  if (options.consistency === 'sequential') {
    const result = checkSequential(model, history, options.maxSteps);
    const figures = { steps: result.steps };
    const passed = `sequentially consistent: ${count(history.length, 'operation')}`;
    if (result.verdict === 'sequential') return anomalies.report(passed, figures);
    if (result.verdict === 'unknown') {
      const message = `unknown: gave up after ${count(result.steps, 'step')}`;
      return { ...anomalies.report(message, figures), verdict: 'unknown' };
    }
    const explained = `${result.longestOrder.length} of ${count(history.length, 'operation')}`;
    const message = `not sequentially consistent: no order explains more than ${explained}`;
    anomalies.add('not-sequential', message, result.longestOrder.map(lineOf));
    return anomalies.report('', figures);
  }
  const bound = options.maxSteps === undefined ? {} : { maxSteps: options.maxSteps };
  const result = checkLinearizability(model, history, bound);
  const figures = { steps: result.steps };
  if (result.failingPrefix === undefined) {
    const report = anomalies.report(result.message, figures);
    return result.verdict === 'linearizable' ? report : { ...report, verdict: 'unknown' };
  }
  const { completions, operation, isShortest } = result.failingPrefix;
  const line = lineOf(operation);
  anomalies.add('not-linearizable', `${result.message} (line ${line})`, [line]);
  const longest = result.longestLinearization.map(lineOf);
  const failure = { key: result.key, completions, line, isShortest, longest };
  return { ...anomalies.report('', figures), failure };
}

function readRegister(operation: RecordedOperation): KvOperation[] {
  const { f, line, outcome, input, output, key: named } = operation;
  const key = named === undefined ? '' : textOf(named);
  switch (f) {
    case 'read':
      return made(
        operation,
        { op: 'get', key },
        outcome === 'ok' ? { value: textOrNull(output) } : undefined,
      );
    case 'write':
      return made(
        operation,
        { op: 'put', key, value: textOf(input) },
        outcome === 'ok' ? { ok: true } : undefined,
      );
    case 'cas': {
      if (!Array.isArray(input) || input.length !== 2) throw new ShapeError(line, 'a cas of [expected, new]');
      const [expected = null, value = null] = input as readonly Plain[];
      return made(
        operation,
        { op: 'cas', key, expected: textOrNull(expected), value: textOf(value) },
        swapped(outcome),
      );
    }
    default:
      throw new ShapeError(line, `read, write or cas, not ${f}`);
  }
}

function readMap(operation: RecordedOperation): KvOperation[] {
  const { f, line, outcome, input, output, key: named } = operation;
  if (named === undefined) throw new ShapeError(line, 'a key');
  const key = textOf(named);
  const isOk = outcome === 'ok';
  const text = (value: Plain): string => {
    if (typeof value !== 'string') throw new ShapeError(line, `a text as the value of ${f}`);
    return value;
  };
  const known = (value: Plain): string | null => (value === null ? null : text(value));
  switch (f) {
    case 'get':
      return made(operation, { op: 'get', key }, isOk ? { value: known(output) } : undefined);
    case 'put':
      return made(operation, { op: 'put', key, value: text(input) }, isOk ? { ok: true } : undefined);
    case 'append':
      return made(operation, { op: 'append', key, value: text(input) }, isOk ? { ok: true } : undefined);
    case 'delete':
      if (isOk && typeof output !== 'boolean')
        throw new ShapeError(line, 'a delete that ends with true or false');
      return made(operation, { op: 'delete', key }, isOk ? { existed: output === true } : undefined);
    case 'cas': {
      if (!Array.isArray(input) || input.length !== 2) throw new ShapeError(line, 'a cas of [expected, new]');
      const [expected = null, value = null] = input as readonly Plain[];
      return made(
        operation,
        { op: 'cas', key, expected: known(expected), value: text(value) },
        swapped(outcome),
      );
    }
    default:
      throw new ShapeError(line, `get, put, delete, cas or append, not ${f}`);
  }
}

const textOrNull = (value: Plain): string | null => (value === null ? null : textOf(value));

function swapped(outcome: RecordedOperation['outcome']): KvOutput | undefined {
  return outcome === 'info' ? undefined : { swapped: outcome === 'ok' };
}

/** The operation, unless it did not happen. */
function made(operation: RecordedOperation, input: KvInput, output: KvOutput | undefined): KvOperation[] {
  const { id, process, outcome, call, return: returned } = operation;
  if (outcome === 'fail' && output === undefined) return [];
  return [{ id, process, input, output, call, return: returned }];
}
