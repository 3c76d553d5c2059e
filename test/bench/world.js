// @ts-check
/** The benchmark's workload: five nodes, 100 client commands a second, heartbeat 50 ms, default faults of the network. */

import { defineScenario } from '../../dist/scenario/index.js';

/** @param {{ nodes?: number, seconds?: number, rate?: string }} [options] */
export function raftScenario({ nodes = 5, seconds = 60, rate = '100/s' } = {}) {
  return defineScenario({
    name: `bench/raft-${nodes}`,
    title: 'Benchmark',
    description: 'The default hostile network, no other faults.',
    protocol: { name: 'raft', settings: { 'election-timeout': '150ms..300ms', heartbeat: '50ms' } },
    cluster: { nodes },
    workload: { clients: 5, rate },
    bounds: {
      'heal-at': `${seconds - 6}s`,
      'stop-clients-at': `${seconds - 1}s`,
      end: `${seconds}s`,
      'max-events': 100_000_000,
    },
  });
}

/**
 * Every feature at once: reads of all modes, sessions that expire, small snapshots in chunks, a protocol version
 * that is opened while clients run, and an operator that hands over leadership and changes membership.
 * @param {{ seconds?: number, rate?: string, isStormy?: boolean }} [options] stormy: leaders crash, links are cut
 */
export function everyFeatureScenario({ seconds = 60, rate = '100/s', isStormy = false } = {}) {
  return defineScenario({
    name: isStormy ? 'bench/storm' : 'bench/every-feature',
    title: 'Benchmark of every feature',
    description: 'Everything that Raft and its operator do, with every checker watching.',
    protocol: {
      name: 'raft',
      settings: {
        'election-timeout': '150ms..300ms',
        heartbeat: '50ms',
        'pre-vote': true,
        'check-quorum': true,
        'snapshot-entries': 100,
        'snapshot-chunk': 512,
        'retained-entries': 20,
      },
    },
    cluster: { nodes: 5, version: 1 },
    service: { name: 'kv', sessions: { timeout: '3s' } },
    workload: {
      clients: 5,
      rate,
      reads: { log: 1, 'read-index': 1, lease: 1, follower: 1, session: 1, stale: 1 },
    },
    operator: {
      random: {
        every: '2s..4s',
        within: '2s',
        actions: {
          'transfer-leadership': 4,
          remove: 2,
          'add-voter': 2,
          demote: 1,
          promote: 1,
          snapshot: 1,
          upgrade: 2,
        },
      },
    },
    ...(isStormy && {
      faults: {
        random: [
          { every: '20s..40s', for: '1s..5s', do: 'crash', on: 'leader' },
          { every: '20s..40s', for: '1s..5s', do: 'random-partition' },
        ],
      },
    }),
    bounds: {
      'heal-at': `${seconds - 6}s`,
      'stop-clients-at': `${seconds - 1}s`,
      end: `${seconds}s`,
      'max-events': 100_000_000,
    },
  });
}

/**
 * PBFT in batches of eight under the default hostile network; each message is signed and verified.
 * @param {{ nodes?: number, seconds?: number, rate?: string, authentication?: 'ideal' | 'real' }} [options]
 */
export function pbftScenario({ nodes = 4, seconds = 60, rate = '100/s', authentication = 'ideal' } = {}) {
  return defineScenario({
    name: `bench/pbft-${nodes}`,
    title: 'Benchmark of PBFT',
    description: 'The default hostile network, no other faults.',
    authentication,
    protocol: { name: 'pbft', settings: { 'batch-size': 8 } },
    cluster: { nodes },
    workload: { clients: 5, rate },
    bounds: {
      'heal-at': `${seconds - 6}s`,
      'stop-clients-at': `${seconds - 2}s`,
      end: `${seconds}s`,
      'max-events': 100_000_000,
    },
  });
}

/** The floor: the same event loop under a protocol that only passes messages on, 40 of them in flight. */
export function nullImplementation() {
  class NullReplica {
    /** @param {any} host @param {readonly number[]} members */
    constructor(host, members) {
      this.host = host;
      this.members = members;
      this.next = members[(host.self + 1) % members.length];
    }
    start() {
      for (let i = 0; i < 8; i++) this.host.send(this.next, { kind: 'Token', value: i });
    }
    /** @param {number} _from @param {any} message */
    receive(_from, message) {
      this.host.send(this.next, { kind: 'Token', value: (message.value + 1) | 0 });
    }
    timerFired() {}
    /** @param {any} host */
    clone(host) {
      return new NullReplica(host, this.members);
    }
    encode() {
      return null;
    }
  }
  const protocol = {
    name: 'null',
    settings: () => ({}),
    /** @param {any} host @param {readonly number[]} members */
    createReplica: (host, members) => new NullReplica(host, members),
    createDriver: () => {
      throw new Error('the null protocol has no clients');
    },
    maxTimerMicros: () => 1,
    /** @param {any} message */
    hashMessage: (message) => message.value,
    messageBytes: () => 64,
  };
  return { protocol, createService: () => /** @type {any} */ (null), bug: undefined };
}

/** @param {number} seconds */
export function nullScenario(seconds) {
  const scenario = raftScenario({ seconds });
  const never = { numerator: 0, denominator: 1 };
  const link = { ...scenario.network.link, loss: never, duplicate: never, corrupt: never };
  return {
    ...scenario,
    name: 'bench/null',
    workload: { ...scenario.workload, clients: 0 },
    network: { link, overrides: [] },
    expect: { ...scenario.expect, progressWithinMicros: undefined },
  };
}
