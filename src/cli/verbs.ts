/** The verbs, in the order of the help. Each is loaded when it is asked for. */

import {
  auditOptions,
  checkOptions,
  completionOptions,
  coverageOptions,
  fuzzOptions,
  invariantsOptions,
  keepOptions,
  listOptions,
  minimiseOptions,
  replayOptions,
  runOptions,
  showOptions,
  tourOptions,
  twinsOptions,
  workerOptions,
} from './option-table.js';
import { zooOptions } from './zoo-options.js';
import { verb, type VerbSpec } from './spec.js';
import { LISTS, SHELLS } from './words.js';

const run = verb({
  name: 'run',
  summary: 'run scenarios over seeds and judge them',
  argument: {
    name: 'NAME',
    description: "scenarios: a name, a pattern such as 'raft/*', or a path ending in .yaml",
    required: false,
    variadic: true,
    completion: 'scenario',
  },
  options: runOptions,
  examples: [
    'faultline run raft/leader-partition --seed 7',
    "faultline run 'raft/*' --seeds 1..100",
    'faultline run ./mine.yaml --set cluster.nodes=7 --json',
    'faultline run --bug R23-old-term-commit --seeds 1..50',
  ],
  load: async () => (await import('./run.js')).run,
});

const scenariosOrAll = {
  name: 'NAME',
  description: 'scenarios, as for run (default: all bundled ones that are there to pass)',
  required: false,
  variadic: true,
  completion: 'scenario',
} as const;

const fuzz = verb({
  name: 'fuzz',
  summary: 'run ever new seeds of scenarios, within a budget',
  argument: scenariosOrAll,
  options: fuzzOptions,
  examples: [
    'faultline fuzz --for 10m',
    "faultline fuzz 'raft/*' --until-failure",
    'faultline fuzz --for 8h --ledger night.jsonl',
    'faultline fuzz --for 8h --ledger night.jsonl --resume',
    'faultline fuzz raft/everything --runs 5000 --first 70000 --shard 2/4',
    'faultline fuzz raft/swarm --for 1h --queue redis://10.0.0.7:6379',
  ],
  load: async () => (await import('./fuzz.js')).fuzz,
});

const worker = verb({
  name: 'worker',
  summary: 'run the seeds of campaigns that others have put into a queue',
  argument: undefined,
  options: workerOptions,
  examples: [
    'faultline worker --queue redis://10.0.0.7:6379',
    'faultline worker --queue redis://10.0.0.7:6379 --idle 10m --workers 4',
  ],
  load: async () => (await import('./worker.js')).worker,
});

const replay = verb({
  name: 'replay',
  summary: 'replay saved traces, event by event',
  argument: {
    name: 'PATH',
    description: 'trace files, or folders of them',
    required: true,
    variadic: true,
    completion: 'file',
  },
  options: replayOptions,
  examples: [
    'faultline replay traces/found/some.trace.jsonl.gz',
    'faultline replay some.trace.jsonl.gz --until 1200 --node n2',
    'faultline replay --adapt traces/',
  ],
  load: async () => (await import('./replay.js')).replay,
});

const minimise = verb({
  name: 'minimise',
  summary: 'make a failing trace small',
  argument: {
    name: 'TRACE',
    description: 'the trace file of a run that failed',
    required: true,
    variadic: false,
    completion: 'file',
  },
  options: minimiseOptions,
  examples: [
    'faultline minimise traces/found/some.trace.jsonl.gz',
    'faultline minimise some.trace.jsonl.gz --for 5m --workers 1',
  ],
  load: async () => (await import('./minimise.js')).minimise,
});

const audit = verb({
  name: 'audit',
  summary: 'name who broke agreement in a trace, with proofs',
  argument: {
    name: 'PATH',
    description: 'trace files of pbft, or folders of them',
    required: true,
    variadic: true,
    completion: 'file',
  },
  options: auditOptions,
  examples: [
    'faultline audit traces/found/some.trace.jsonl.gz',
    'faultline audit some.trace.jsonl.gz --from n1,n3',
    'faultline audit some.trace.jsonl.gz --log',
  ],
  load: async () => (await import('./audit.js')).audit,
});

const twins = verb({
  name: 'twins',
  summary: 'explore all partitions and leaders of a cluster with twins',
  argument: undefined,
  options: twinsOptions,
  examples: [
    'faultline twins --nodes 4 --depth 3',
    'faultline twins --depth 4 --shard 1/8',
    'faultline twins --depth 3 --parts 2 --bug P15 --only 3813',
  ],
  load: async () => (await import('./twins.js')).twins,
});

const keep = verb({
  name: 'keep',
  summary: 'promote a found trace into the regression corpus',
  argument: {
    name: 'FILE',
    description: 'the trace file',
    required: true,
    variadic: false,
    completion: 'file',
  },
  options: keepOptions,
  examples: ['faultline keep traces/found/some.trace.jsonl.gz'],
  load: async () => (await import('./keep.js')).keep,
});

const list = verb({
  name: 'list',
  summary: 'list scenarios, bugs or invariants',
  argument: {
    name: 'WHAT',
    description: `${LISTS.join(', ')} (default: scenarios)`,
    required: false,
    variadic: false,
    completion: LISTS,
  },
  options: listOptions,
  examples: ['faultline list', 'faultline list bugs'],
  load: async () => (await import('./list.js')).list,
});

const show = verb({
  name: 'show',
  summary: 'print a scenario with every default written out, or the story of a trace',
  argument: {
    name: 'NAME',
    description: 'the scenario: a name, or a path ending in .yaml; with --story, a trace file',
    required: false,
    variadic: false,
    completion: 'scenario',
  },
  options: showOptions,
  examples: [
    'faultline show raft/leader-partition',
    'faultline show some.trace.jsonl.gz --story',
    'faultline show --schema > scenario.schema.json',
  ],
  load: async () => (await import('./show.js')).show,
});

const invariants = verb({
  name: 'invariants',
  summary: 'list the properties that are checked, with their statements',
  argument: undefined,
  options: invariantsOptions,
  examples: ['faultline invariants', 'faultline invariants --markdown > docs/invariants.md'],
  load: async () => (await import('./invariants.js')).invariants,
});

const coverage = verb({
  name: 'coverage',
  summary: 'tell which rare situations the runs reach',
  argument: scenariosOrAll,
  options: coverageOptions,
  examples: [
    'faultline coverage --require',
    "faultline coverage 'raft/*' --seeds 1..50",
    'faultline coverage --markdown > docs/coverage.md',
  ],
  load: async () => (await import('./coverage.js')).coverage,
});

const check = verb({
  name: 'check',
  summary: 'judge a recorded history of any system',
  argument: {
    name: 'FILE',
    description: 'histories: one event a line, JSON or EDN',
    required: false,
    variadic: true,
    completion: 'file',
  },
  options: checkOptions,
  examples: [
    'faultline check --models',
    'faultline check --model register history.edn',
    'faultline check --model transactions --order serializable history.jsonl',
  ],
  load: async () => (await import('./check.js')).check,
});

const completion = verb({
  name: 'completion',
  summary: 'print a completion script for your shell',
  argument: {
    name: 'SHELL',
    description: SHELLS.join(', '),
    required: true,
    variadic: false,
    completion: SHELLS,
  },
  options: completionOptions,
  examples: [
    'source <(faultline completion bash)',
    'faultline completion fish > ~/.config/fish/completions/faultline.fish',
  ],
  load: async () => (await import('./completion.js')).completionOf(VERBS),
});

const zoo = verb({
  name: 'zoo',
  summary: 'list the published bugs, or measure how fast they are found',
  argument: {
    name: 'WHAT',
    description: 'hunt, and the bugs (default: all); nothing: list them',
    required: false,
    variadic: true,
    completion: 'bug',
  },
  options: zooOptions,
  examples: [
    'faultline zoo',
    'faultline zoo hunt R23 R44 --cpu 1min',
    'faultline zoo hunt --ledger hunts.jsonl --markdown > docs/detection.md',
    'faultline zoo hunt --share 3/20 --cpu 5s',
  ],
  load: async () => (await import('./zoo.js')).zoo,
});

const tour = verb({
  name: 'tour',
  summary: 'a short tour: scenarios that hold, and a bug that is caught',
  argument: undefined,
  options: tourOptions,
  examples: ['faultline tour'],
  load: async () => (await import('./tour.js')).tour,
});

// The table mixes verbs of different options; each was checked against its own above.
export const VERBS: readonly VerbSpec[] = [
  run,
  fuzz,
  worker,
  replay,
  minimise,
  audit,
  twins,
  keep,
  list,
  show,
  invariants,
  coverage,
  check,
  completion,
  zoo,
  tour,
] as readonly unknown[] as readonly VerbSpec[];
