/** The nemesis in plain English: one sentence for each strike and each end, for stories and traces. */

import { formatMicros, type ProcessId } from '../kernel/index.js';
import type { Groups } from './aim.js';
import type { FaultAction } from './plan.js';

/** Servers are n1, n2, …; clients c1, c2, … */
export function processName(process: ProcessId, servers: number): string {
  return process < servers ? `n${process + 1}` : `c${process - servers + 1}`;
}

/** E.g. `n1, n2 and c1`. */
export function processNames(processes: readonly ProcessId[], servers: number): string {
  const names = processes.map((process) => processName(process, servers));
  const last = names.pop() ?? 'nobody';
  return names.length === 0 ? last : `${names.join(', ')} and ${last}`;
}

/** What a strike does to its groups, without a full stop. */
export function strikeSentence(action: FaultAction, groups: Groups, servers: number): string {
  const [first = 'nobody', second = '', third = ''] = groups.map((group) => processNames(group, servers));
  const isOne = groups[0]?.length === 1;
  switch (action.do) {
    case 'crash':
      return `power fails on ${first}`;
    case 'restart':
      return `${first} ${isOne ? 'restarts' : 'restart'}`;
    case 'pause':
      return `${first} ${isOne ? 'stands' : 'stand'} still`;
    case 'resume':
      return `${first} ${isOne ? 'goes' : 'go'} on`;
    case 'slow-cpu':
      return `every event costs ${first} ${action.serviceMicros} microseconds of CPU time`;
    case 'partition':
    case 'random-partition':
      return `${sides(groups, servers)} cannot reach each other`;
    case 'isolate':
      return isolationSentence(action.direction, first, isOne);
    case 'flap':
      return `${first} ${isOne ? 'is' : 'are'} cut off from everybody else, on and off`;
    case 'bridge':
      return `only ${second} can reach both ${first} | ${third}`;
    case 'majority-ring':
      return `the servers reach only their neighbours on the ring ${first}`;
    case 'degrade':
      return `the links between ${first} | ${second} get worse`;
    case 'heal':
      return 'all links are healed';
    case 'slow-disk':
      return `syncs on ${first} take ${action.factor} times as long`;
    case 'full-disk':
      return `${isOne ? 'the disk' : 'the disks'} of ${first} ${isOne ? 'is' : 'are'} full`;
    case 'fail-sync':
      return `the next sync on ${first} will fail`;
    case 'bit-rot':
      return `a synced record on ${first} rots`;
    case 'lost-write':
      return `a synced record on ${first} vanishes`;
    case 'lying-sync':
      return `syncs on ${first} are confirmed but not done`;
    case 'rollback':
      return `power fails on ${first}, and the disk falls back to an earlier moment`;
    case 'wipe':
      return `power fails on ${first}, and the disk is empty`;
    case 'lose-disk':
      return `power fails on ${first}, and the disk is lost: a blank one is in its place`;
    case 'clock-jump':
      return `the wall clock of ${first} jumps by ${formatMicros(action.byMicros)}`;
    case 'clock-drift':
      return `the clocks of ${first} now drift by ${action.ppm} parts per million`;
  }
}

/** What the end of a strike means for its groups, without a full stop; verbs that never end have none. */
export function endSentence(action: FaultAction, groups: Groups, servers: number): string {
  const first = processNames(groups[0] ?? [], servers);
  const isOne = groups[0]?.length === 1;
  switch (action.do) {
    case 'crash':
    case 'rollback':
    case 'wipe':
    case 'lose-disk':
      return `${first} ${isOne ? 'restarts' : 'restart'}`;
    case 'pause':
      return `${first} ${isOne ? 'goes' : 'go'} on`;
    case 'slow-cpu':
      return `${first} ${isOne ? 'runs' : 'run'} at the usual speed again`;
    case 'partition':
    case 'random-partition':
      return `the partition ${sides(groups, servers)} ends`;
    case 'isolate':
    case 'flap':
      return `the isolation of ${first} ends`;
    case 'bridge':
      return `the bridge over ${processNames(groups[1] ?? [], servers)} ends`;
    case 'majority-ring':
      return 'the majority ring ends';
    case 'degrade':
      return `the links between ${first} | ${processNames(groups[1] ?? [], servers)} are as before`;
    case 'slow-disk':
      return `syncs on ${first} are at the usual speed again`;
    case 'full-disk':
      return `${isOne ? 'the disk' : 'the disks'} of ${first} ${isOne ? 'has' : 'have'} space again`;
    case 'lying-sync':
      return `syncs on ${first} are done again`;
    case 'clock-drift':
      return `the clocks of ${first} drift as before`;
    default:
      return `${action.do} ends`;
  }
}

function sides(groups: Groups, servers: number): string {
  return groups.map((group) => processNames(group, servers)).join(' | ');
}

function isolationSentence(
  direction: 'both' | 'inbound' | 'outbound',
  names: string,
  isOne: boolean,
): string {
  switch (direction) {
    case 'both':
      return `${names} ${isOne ? 'is' : 'are'} cut off from everybody else`;
    case 'inbound':
      return `nothing reaches ${names} any more`;
    case 'outbound':
      return `nothing that ${names} ${isOne ? 'sends' : 'send'} reaches others any more`;
  }
}
