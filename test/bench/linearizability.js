// @ts-check
/** The linearizability checker on generated histories: linearizable by construction, many clients at once. */

import { checkLinearizability, kvModel } from '../../dist/checkers/index.js';
import { RandomStream } from '../../dist/kernel/index.js';

/**
 * Every operation takes effect at one drawn instant between its call and its return.
 * @param {number} count @param {number} clients @param {number} keys
 */
function generate(count, clients, keys) {
  const stream = RandomStream.derive(`history ${count} ${clients} ${keys}`, 'bench');
  const free = new Array(clients).fill(0);
  const planned = Array.from({ length: count }, (_, id) => {
    const process = stream.integer(0, clients - 1);
    const call = free[process] + stream.integer(1, 20);
    const effect = call + stream.integer(1, 50);
    const end = effect + stream.integer(1, 50);
    free[process] = end;
    return {
      id,
      process,
      call,
      effect,
      end,
      key: `k${stream.integer(0, keys - 1)}`,
      draw: stream.integer(0, 9),
    };
  }).sort((a, b) => a.effect - b.effect || a.id - b.id);
  /** @type {Map<string, string>} */
  const state = new Map();
  return planned.map(({ id, process, call, end, key, draw }) => {
    const value = state.get(key) ?? null;
    const common = { id, process, call, return: end };
    if (draw < 5) return { ...common, input: /** @type {const} */ ({ op: 'get', key }), output: { value } };
    state.set(key, `v${id}`);
    return {
      ...common,
      input: /** @type {const} */ ({ op: 'put', key, value: `v${id}` }),
      output: /** @type {const} */ ({ ok: true }),
    };
  });
}

/** @param {(body: () => any) => { result: any, millis: number }} cpuMillis */
export function benchLinearizability(cpuMillis) {
  console.log('Linearizability of generated histories (CPU time, median of 5)');
  for (const [count, clients, keys] of /** @type {const} */ ([
    [1000, 5, 16],
    [10_000, 10, 16],
    [10_000, 50, 100],
    [100_000, 20, 1000],
  ])) {
    const history = generate(count, clients, keys);
    const times = Array.from({ length: 5 }, () => {
      const { result, millis } = cpuMillis(() => checkLinearizability(kvModel(), history));
      if (result.verdict !== 'linearizable')
        throw new Error(`bench history judged ${result.verdict}: ${result.message}`);
      return millis;
    }).sort((a, b) => a - b);
    console.log(
      `  ${String(count).padStart(6)} operations, ${String(clients).padStart(2)} clients, ${String(keys).padStart(4)} keys: ${(times[2] ?? 0).toFixed(1)} ms`,
    );
  }
}
