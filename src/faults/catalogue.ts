/**
 * The catalogue of fault verbs: what kind of assumption each takes away, what it falls on, whether it
 * lasts, and what it does in one line. The scenario loader checks plans against it, the documentation
 * prints it; the nemesis does what it says.
 *
 * Three conventions hold for all verbs:
 * - Clients are endpoints of the network. `partition`, `random-partition`, `bridge` and `majority-ring`
 *   cut servers from servers only: clients go on talking to a deposed leader, which is the more hostile
 *   world. `isolate` and `flap` take the selected machines off the network: from clients as well.
 * - What one fault does stays until that fault ends. Two faults that hold one server down, or still, add
 *   up; of two that set a value (speed, drift, a link's behaviour), the later one counts until it ends.
 * - A fault whose selector finds nobody (no leader, all down already) is skipped, and says so.
 */

import type { FaultClass, FaultVerb } from './plan.js';

/** What a verb is given: servers or any processes by `on`, or parts of the network by fields of its own. */
export type FaultTargets =
  | 'servers'
  /** Servers, and clients when their numbers are given. */
  | 'processes'
  /** `groups`, `bridge`, or `from` and `to`; or nothing, for verbs that choose by themselves. */
  | 'links';

/** Whether a verb can be undone after a while: over at once, may last until healed, must name its end. */
export type FaultDuration = 'never' | 'may' | 'must';

interface Facts {
  readonly faultClass: FaultClass;
  readonly targets: FaultTargets;
  /** For an entry of the schedule; a random fault with `may` must have a duration too. */
  readonly duration: FaultDuration;
  /** One line, without a full stop. */
  readonly summary: string;
}

export interface CatalogueEntry extends Facts {
  readonly verb: FaultVerb;
  /** Whether the verb takes `on`. */
  readonly needsOn: boolean;
  /** True for verbs that only repair: they need no leave from the failure model. */
  readonly repairs: boolean;
}

function facts(
  faultClass: FaultClass,
  targets: FaultTargets,
  duration: FaultDuration,
  summary: string,
): Facts {
  return { faultClass, targets, duration, summary };
}

const FACTS: Readonly<Record<FaultVerb, Facts>> = {
  crash: facts('process', 'servers', 'may', 'power loss: what was not synced survives in part or not at all'),
  restart: facts('process', 'servers', 'never', 'starts servers that are down, whichever fault holds them'),
  pause: facts('process', 'servers', 'may', 'the process stands still while its clocks go on'),
  resume: facts('process', 'servers', 'never', 'lets paused servers go on, whichever fault holds them'),
  'slow-cpu': facts('process', 'servers', 'may', 'every event costs the given CPU time'),
  partition: facts('network', 'links', 'may', 'servers of different groups cannot reach each other'),
  'random-partition': facts('network', 'links', 'may', 'the servers fall into two halves drawn by chance'),
  isolate: facts(
    'network',
    'processes',
    'may',
    'cuts the selected off from everybody else, clients included; one way when a direction is given',
  ),
  bridge: facts('network', 'links', 'may', 'two halves reach one bridge server, but not each other'),
  'majority-ring': facts(
    'network',
    'links',
    'may',
    'every server reaches a majority, no two of them the same one',
  ),
  flap: facts('network', 'processes', 'may', 'isolation that comes and goes'),
  degrade: facts(
    'network',
    'links',
    'may',
    'replaces the behaviour of the links between two groups, both ways',
  ),
  heal: facts(
    'network',
    'links',
    'never',
    'ends every partition, isolation, flapping and degradation at once',
  ),
  'slow-disk': facts('disk-detectable', 'servers', 'may', 'syncs take the given number of times as long'),
  'full-disk': facts('disk-detectable', 'servers', 'may', 'writes are refused for lack of space'),
  'fail-sync': facts(
    'disk-detectable',
    'servers',
    'never',
    'the next sync fails once, and what it covered is lost',
  ),
  'bit-rot': facts(
    'disk-detectable',
    'servers',
    'never',
    'one synced record, drawn by chance, changes at rest; only within the budget of damaged disks',
  ),
  'lose-disk': facts(
    'disk-detectable',
    'servers',
    'must',
    'crash, and the disk is lost: after the duration, the server starts on a blank one that nobody has formatted; only within the budget of damaged disks',
  ),
  'lost-write': facts('disk-amnesia', 'servers', 'never', 'one synced record vanishes as if never written'),
  'lying-sync': facts('disk-amnesia', 'servers', 'may', 'syncs are confirmed but make nothing durable'),
  rollback: facts(
    'disk-amnesia',
    'servers',
    'must',
    'crash, and the disk returns to an earlier moment drawn by chance; restarts after the duration',
  ),
  wipe: facts(
    'disk-amnesia',
    'servers',
    'must',
    'crash, and the disk is empty, or formatted anew under the same identity; restarts after the duration',
  ),
  'clock-jump': facts('clock', 'servers', 'never', 'the wall clock jumps, and stays where it jumped to'),
  'clock-drift': facts(
    'clock',
    'servers',
    'may',
    'the clocks run fast or slow by the given parts per million',
  ),
};

const REPAIRS: ReadonlySet<FaultVerb> = new Set<FaultVerb>(['restart', 'resume', 'heal']);

/** Every verb, in the order in which the documentation lists them. */
export const CATALOGUE: readonly CatalogueEntry[] = (Object.keys(FACTS) as FaultVerb[]).map(catalogueEntry);

/** What the catalogue says of a verb. */
export function catalogueEntry(verb: FaultVerb): CatalogueEntry {
  const about = FACTS[verb];
  return { verb, needsOn: about.targets !== 'links', repairs: REPAIRS.has(verb), ...about };
}
