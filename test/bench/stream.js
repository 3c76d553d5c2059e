// @ts-check
/**
 * The judge of streams on a run of a million messages: half of them written by producers, and half made of these by
 * transactional processors; all of them read by groups, and again by a watcher. Its history is recorded, and what is
 * measured is the judging of all of it afterwards: as a run of our own is judged, and as `faultline check --model
 * stream` judges a recorded history.
 */

import { Checker, checkHistory, ViolationSink } from '../../dist/checkers/index.js';
import { judgesOf } from '../../dist/checkers/services/index.js';
import { loadScenario } from '../../dist/scenario/index.js';
import { builtInImplementation, simulate } from '../../dist/simulator/index.js';

const SERVERS = 3;
const MILLISECONDS_MAX = 10_000;

/** @param {number} seconds @param {number} batch */
function scenarioOf(seconds, batch) {
  return loadScenario(
    `
title: A million messages
description: Producers, processors, readers and watchers, and nothing fails.
protocol: { name: raft, settings: { snapshot-entries: 2000, retained-entries: 200 } }
cluster: { nodes: ${SERVERS} }
model: { disk: none, clock: false }
network: { delay: 200us..1ms, loss: 0, duplicate: 0, corrupt: 0 }
service: { name: stream, settings: { partitions: 12, batch: ${batch}, retain-messages: 20000 }, sessions: { window: 4 } }
workload:
  clients: 42
  mode: closed
  think: 1ms..2ms
  keys: 120
  key-distribution: uniform
  mix: { produce: 4, consume: 12, process: 24, watch: 2 }
bounds: { heal-at: ${seconds}s, stop-clients-at: ${seconds}s, end: ${seconds + 2}s, max-events: 100000000 }
`,
    { path: 'a-million-messages.yaml' },
  );
}

const INFO = /** @type {any} */ ({ id: 'any/keeper', kind: 'safety', protocol: 'any' });

/** Keeps the whole history. */
class Keeper extends Checker {
  /** @override */
  info = INFO;
  /** @type {any[]} */
  events = [];

  /** @override @param {any} event */
  onHistory(event) {
    this.events.push(event);
  }

  /** @override @returns {Keeper} */
  clone() {
    return this;
  }
}

/** @param {any} scenario */
function historyOf(scenario) {
  /** @type {Keeper | undefined} */
  let keeper;
  const create = (/** @type {any} */ context, /** @type {any} */ sink) =>
    (keeper = new Keeper(context, sink));
  const outcome = simulate(
    scenario,
    { seed: 'bench', strategy: 'random' },
    { implementation: builtInImplementation(scenario), extraCheckers: [{ info: INFO, create }] },
  );
  if (outcome.status !== 'passed') throw new Error(`${outcome.status}: ${outcome.violation?.message ?? ''}`);
  return /** @type {any[]} */ (keeper?.events ?? []);
}

/** Messages that were acknowledged. @param {readonly any[]} events */
function acknowledged(events) {
  const staged = new Map();
  let messages = 0;
  for (const { kind, client, input, output } of events) {
    if (kind !== 'ok' || output.error !== undefined) continue;
    if (input.op === 'send') messages += input.messages.length;
    if (input.op === 'stage') staged.set(client, input);
    if (input.op === 'commit-transaction' && output.offsets) messages += staged.get(client).messages.length;
  }
  return messages;
}

/** Judges the history as that of a run. @param {readonly any[]} events @param {any} settings */
function judgeRun(events, settings) {
  const sink = new ViolationSink();
  const ghost = /** @type {any} */ ({ servers: SERVERS });
  const judges = judgesOf('stream')?.create(ghost, sink, { settings, mix: {}, hasSessions: true }) ?? [];
  for (const judge of judges) {
    for (const event of events) judge.onHistory(event);
    judge.onEnd();
  }
  if (sink.violation !== undefined) throw new Error(sink.violation.message);
}

/** The same history in the words of recorded ones: sends, polls, and transactions of sends. @param {readonly any[]} events */
function recorded(events) {
  const staged = new Map();
  const name = (/** @type {any} */ { topic, partition }) => `${topic}.${partition}`;
  const sends = (/** @type {any} */ batch, /** @type {number | undefined} */ offset) =>
    batch.messages.map((/** @type {any} */ [, value], /** @type {number} */ i) => [
      'send',
      name(batch),
      offset === undefined ? value : [offset + i, value],
    ]);
  const told = /** @type {any[]} */ ([]);
  for (const { kind, client, input, output } of events) {
    if (input.op === 'stage') staged.set(client, input);
    const batch = input.op === 'send' ? input : staged.get(client);
    const type = kind === 'unknown' ? 'info' : kind;
    const common = { line: told.length + 1, process: client, key: undefined };
    if (input.op === 'send' || input.op === 'commit-transaction') {
      const isOver = kind === 'ok' && output.error === undefined && output.aborted === undefined;
      const offset = isOver ? (output.offset ?? output.offsets[0]) : undefined;
      told.push({
        ...common,
        type: kind === 'ok' && !isOver ? 'fail' : type,
        f: 'txn',
        value: sends(batch, offset),
      });
    } else if (input.op === 'fetch') {
      const messages = (output?.messages ?? []).map((/** @type {any} */ [offset, , value]) => [
        offset,
        value,
      ]);
      told.push({ ...common, type, f: 'poll', value: kind === 'ok' ? { [name(input)]: messages } : null });
    } else if (input.op === 'join') {
      told.push({ ...common, type, f: 'assign', value: null });
    }
  }
  return told;
}

/** @param {(body: () => any) => { result: any, millis: number }} cpuMillis */
export function benchStream(cpuMillis, seconds = 8, batch = 160) {
  const scenario = scenarioOf(seconds, batch);
  const events = historyOf(scenario);
  const messages = acknowledged(events);
  console.log(`Streams: judging a run of ${messages} messages, ${events.length / 2} operations, after it`);
  const heap = process.memoryUsage().heapUsed;
  const ours = cpuMillis(() => judgeRun(events, scenario.service.settings)).millis;
  const grown = (process.memoryUsage().heapUsed - heap) / 1_048_576;
  const history = recorded(events);
  const foreign = cpuMillis(() => checkHistory('stream', history));
  const { result } = foreign;
  if (result.kind === 'error') throw new Error(result.message);
  console.log(
    `  as a run of our own: ${(ours / 1000).toFixed(2)} s CPU, heap grown by ${grown.toFixed(0)} MiB at most`,
  );
  console.log(
    `  as a recorded history: ${(foreign.millis / 1000).toFixed(2)} s CPU, ${result.report.message}`,
  );
  return { messages, ours, foreign: foreign.millis };
}

/** CPU milliseconds of this process. @param {() => any} body */
function cpuMillisOf(body) {
  const before = process.cpuUsage();
  const result = body();
  const { user, system } = process.cpuUsage(before);
  return { result, millis: (user + system) / 1000 };
}

if (process.argv[1]?.endsWith('stream.js') === true) {
  const { messages, ours, foreign } = benchStream(cpuMillisOf);
  if (messages < 1_000_000) throw new Error(`a million messages were meant, not ${messages}`);
  if (Math.max(ours, foreign) > MILLISECONDS_MAX) throw new Error('the judge took more than 10 s');
}
