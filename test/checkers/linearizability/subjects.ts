// Objects to check, and generators of small histories of them.

import fc from 'fast-check';
import {
  ILLEGAL,
  kvModel,
  kvStoreModel,
  registerModel,
} from '../../../src/checkers/linearizability/index.js';
import type {
  HistoryOperation,
  KvInput,
  KvOutput,
  Model,
  RegisterInput,
  RegisterOutput,
  SearchHints,
} from '../../../src/checkers/linearizability/index.js';

/** A model with generators of its inputs and of outputs, right or wrong. */
export interface Subject<State, Input, Output> {
  readonly model: Model<State, Input, Output>;
  readonly inputs: fc.Arbitrary<Input>;
  /** All that an operation may answer; in any state one of them is right for a given input. */
  readonly outputs: (input: Input, state: State) => readonly Output[];
  /** Any output, of any shape. */
  readonly anyOutput: fc.Arbitrary<Output>;
}

const values = fc.constantFrom(0, 1, 2);
export const registerInputs: fc.Arbitrary<RegisterInput> = fc.oneof(
  fc.constant<RegisterInput>({ op: 'read' }),
  values.map((value): RegisterInput => ({ op: 'write', value })),
  fc
    .tuple(fc.option(values), values)
    .map(([expected, value]): RegisterInput => ({ op: 'cas', expected, value })),
);
export const registerOutputs: fc.Arbitrary<RegisterOutput> = fc.oneof(
  fc.option(values).map((value): RegisterOutput => ({ value })),
  fc.constant<RegisterOutput>({ ok: true }),
  fc.boolean().map((swapped): RegisterOutput => ({ swapped })),
);

export const registerSubject: Subject<string | number | undefined, RegisterInput, RegisterOutput> = {
  model: registerModel(),
  inputs: registerInputs,
  outputs: (_input, state) => [{ value: state ?? null }, { ok: true }, { swapped: true }, { swapped: false }],
  anyOutput: registerOutputs,
};

const texts = fc.constantFrom('', 'a', 'b', 'ab');
export function kvInputs(keys: readonly string[]): fc.Arbitrary<KvInput> {
  const key = fc.constantFrom(...keys);
  return fc.oneof(
    key.map((key): KvInput => ({ op: 'get', key })),
    fc.tuple(key, texts).map(([key, value]): KvInput => ({ op: 'put', key, value })),
    key.map((key): KvInput => ({ op: 'delete', key })),
    fc
      .tuple(key, fc.option(texts), texts)
      .map(([key, expected, value]): KvInput => ({ op: 'cas', key, expected, value })),
    fc.tuple(key, texts).map(([key, value]): KvInput => ({ op: 'append', key, value })),
  );
}
export const kvOutputs: fc.Arbitrary<KvOutput> = fc.oneof(
  fc
    .option(fc.oneof(texts, fc.constantFrom('aa', 'aab', 'ba', 'abab')))
    .map((value): KvOutput => ({ value })),
  fc.constant<KvOutput>({ ok: true }),
  fc.boolean().map((existed): KvOutput => ({ existed })),
  fc.boolean().map((swapped): KvOutput => ({ swapped })),
);

function kvAnswers(input: KvInput, value: string | undefined): KvOutput[] {
  // An append answers with the value after it, or with a bare ok: the text's length draws which.
  const appended = (value ?? '') + ('value' in input ? input.value : '');
  const answer: KvOutput = appended.length % 2 === 0 ? { value: appended } : { ok: true };
  if (input.op === 'append') return [answer];
  return [
    { value: value ?? null },
    { ok: true },
    { existed: true },
    { existed: false },
    { swapped: true },
    { swapped: false },
  ];
}

const { key: _key, ...oneKey } = kvModel();

export const kvSubject: Subject<string | undefined, KvInput, KvOutput> = {
  model: oneKey,
  inputs: kvInputs(['x']),
  outputs: kvAnswers,
  anyOutput: kvOutputs,
};

type Store = ReturnType<ReturnType<typeof kvStoreModel>['init']>;
export const kvStoreSubject: Subject<Store, KvInput, KvOutput> = {
  model: kvStoreModel(),
  inputs: kvInputs(['x', 'y']),
  outputs: (input, state) => kvAnswers(input, state.values.get(input.key)),
  anyOutput: kvOutputs,
};

/** Two digits, an operation that exchanges them, and no hint but what each operation touches. */
export type PairInput =
  | { readonly op: 'read'; readonly part: 'left' | 'right' }
  | { readonly op: 'write'; readonly part: 'left' | 'right'; readonly value: number }
  | { readonly op: 'exchange' };
interface PairOutput {
  readonly value: number;
}
const DONE = -1;
const parts = fc.constantFrom('left' as const, 'right' as const);

export const pairSubject: Subject<number, PairInput, PairOutput> = {
  model: {
    name: 'pair',
    init: () => 0,
    step(state, input, output) {
      const left = (state - (state % 10)) / 10;
      const right = state % 10;
      if (input.op === 'exchange')
        return output === undefined || output.value === DONE ? right * 10 + left : ILLEGAL;
      const isLeft = input.part === 'left';
      if (input.op === 'read')
        return output === undefined || output.value === (isLeft ? left : right) ? state : ILLEGAL;
      if (output !== undefined && output.value !== DONE) return ILLEGAL;
      return isLeft ? input.value * 10 + right : left * 10 + input.value;
    },
    hash: (state) => state,
    equals: (a, b) => a === b,
    describe: (input, output) => `${JSON.stringify(input)} -> ${output?.value ?? 'unknown'}`,
    hints: { touches: (input) => (input.op === 'exchange' ? ['left', 'right'] : [input.part]) },
  },
  inputs: fc.oneof(
    parts.map((part): PairInput => ({ op: 'read', part })),
    fc.tuple(parts, values).map(([part, value]): PairInput => ({ op: 'write', part, value })),
    fc.constant<PairInput>({ op: 'exchange' }),
  ),
  outputs: (_input, state) => [
    { value: (state - (state % 10)) / 10 },
    { value: state % 10 },
    { value: DONE },
  ],
  anyOutput: fc.constantFrom(DONE, 0, 1, 2).map((value) => ({ value })),
};

/** The model, all versions of it with one hint less, and the one without hints. */
export function weakened<State, Input, Output>(
  model: Model<State, Input, Output>,
): Model<State, Input, Output>[] {
  const { hints, ...bare } = model;
  const names = Object.keys(hints ?? {}) as (keyof SearchHints<State, Input, Output>)[];
  const fewer = names.map((name) => {
    const { [name]: _left, ...rest } = hints ?? {};
    return { ...bare, hints: rest };
  });
  return [model, bare, ...fewer];
}

interface Plan<Input, Output> {
  readonly input: Input;
  readonly call: number;
  readonly length: number;
  /** Where between call and return it takes effect, in tenths. */
  readonly effect: number;
  readonly fate: 'answered' | 'unknown' | 'lost' | 'misread';
  readonly misread: Output;
}

/** A history and whether it is linearizable by construction (otherwise nothing is known). */
export interface GeneratedHistory<Input, Output> {
  readonly history: readonly HistoryOperation<Input, Output>[];
  readonly isHonest: boolean;
}

/**
 * Histories of up to `sizeMax` operations: each takes effect at one time between call and return and
 * answers what the model answers there; then some answers are lost, and some replaced by any output.
 */
export function histories<State, Input, Output>(
  subject: Subject<State, Input, Output>,
  sizeMax: number,
): fc.Arbitrary<GeneratedHistory<Input, Output>> {
  const plan: fc.Arbitrary<Plan<Input, Output>> = fc.record({
    input: subject.inputs,
    call: fc.nat(9),
    length: fc.nat(6),
    effect: fc.nat(10),
    fate: fc.constantFrom('answered', 'answered', 'answered', 'unknown', 'lost', 'misread'),
    misread: subject.anyOutput,
  });
  return fc.array(plan, { minLength: 1, maxLength: sizeMax }).map((plans) => carryOut(subject, plans));
}

/** Larger ones, of which more operations overlap and more outcomes are unknown. */
export function crowdedHistories<State, Input, Output>(
  subject: Subject<State, Input, Output>,
  sizeMax: number,
): fc.Arbitrary<GeneratedHistory<Input, Output>> {
  const plan: fc.Arbitrary<Plan<Input, Output>> = fc.record({
    input: subject.inputs,
    call: fc.nat(12),
    length: fc.integer({ min: 1, max: 10 }),
    effect: fc.nat(10),
    fate: fc.constantFrom(
      'answered',
      'answered',
      'answered',
      'answered',
      'unknown',
      'lost',
      'lost',
      'misread',
    ),
    misread: subject.anyOutput,
  });
  return fc.array(plan, { minLength: 6, maxLength: sizeMax }).map((plans) => carryOut(subject, plans));
}

function carryOut<State, Input, Output>(
  subject: Subject<State, Input, Output>,
  plans: readonly Plan<Input, Output>[],
): GeneratedHistory<Input, Output> {
  const { model, outputs } = subject;
  const effects = plans
    .map((plan, id) => ({ plan, id, time: plan.call * 10 + plan.length * plan.effect }))
    .sort((a, b) => a.time - b.time || a.id - b.id);
  let state = model.init();
  const history: HistoryOperation<Input, Output>[] = [];
  for (const { plan, id } of effects) {
    const { input, call, length, fate } = plan;
    const common = { id, process: id, input, call, return: call + length };
    if (fate === 'lost') {
      history.push({ ...common, output: undefined });
      continue;
    }
    const output = outputs(input, state).find((each) => model.step(state, input, each) !== ILLEGAL);
    if (output === undefined) throw new Error(`no output of ${JSON.stringify(input)} is legal`);
    state = model.step(state, input, output) as State;
    history.push({
      ...common,
      output: fate === 'unknown' ? undefined : fate === 'misread' ? plan.misread : output,
    });
  }
  history.sort((a, b) => a.id - b.id);
  return { history, isHonest: plans.every(({ fate }) => fate !== 'misread') };
}
