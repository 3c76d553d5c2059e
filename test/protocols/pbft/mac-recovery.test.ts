/** A proactive recovery whose own request never comes as a message: it is executed in a state that others send. */

import { describe, expect, it } from 'vitest';
import { WATCHDOG_TIMER, type PbftMessage } from '../../../src/protocols/pbft/index.js';
import { Bench } from './fixtures.js';

const SETTINGS = {
  proofs: 'macs',
  'checkpoint-interval': 2,
  window: 4,
  'batch-size': 1,
  'recovery-interval': '10s',
};
const RECOVERING = 3;
/** By these a batch would be executed. */
const ORDERING: readonly PbftMessage['kind'][] = ['PrePrepare', 'Prepare', 'Commit', 'BatchData', 'Decision'];

/** Four replicas, one of which is recovering, and which messages come to it. */
function cluster(comes: (message: PbftMessage, from: number) => boolean): {
  readonly benches: readonly Bench[];
  readonly turn: () => void;
} {
  const benches = [0, 1, 2, 3].map((self) => new Bench(self, 4, SETTINGS).sync());
  const deliver = (): boolean => {
    const sent = benches.map(({ host }) => host.take());
    sent.forEach((acts, from) => {
      for (const { to, message } of acts) {
        if (to !== RECOVERING || comes(message, from)) benches[to]?.from(from, message);
      }
    });
    for (const bench of benches) bench.sync();
    return sent.some((acts) => acts.length > 0);
  };
  const turn = (): void => {
    for (const { replica } of benches) replica.timerFired('status');
    while (deliver());
  };
  return { benches, turn };
}

function phases(bench: Bench): string[] {
  return bench.host.events.flatMap((event) => (event.kind === 'proactive-recovery' ? [event.phase] : []));
}

describe('a recovery with MACs whose request is executed in a state', () => {
  it.each([
    ['counts its own execution with those of two others', [2], ['begun', 'completed']],
    ['is not over by its own and that of one other', [1, 2], ['begun']],
  ])('%s', (_, silent, expected) => {
    const { benches, turn } = cluster(
      ({ kind }, from) => !ORDERING.includes(kind) && !(kind === 'RecoveryReply' && silent.includes(from)),
    );
    const recovering = benches[RECOVERING] as Bench;
    recovering.replica.timerFired(WATCHDOG_TIMER);
    recovering.sync().crash();
    for (let tick = 0; tick < 12; tick++) turn();
    expect(phases(recovering)).toEqual(expected);
    expect(recovering.host.events).toContainEqual(expect.objectContaining({ kind: 'snapshot-installed' }));
  });
});
