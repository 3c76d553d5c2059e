/** The names of the strategies: which runs the seeds of a campaign stand for. */

/**
 * swarm: the plain run of the seed. guided: a run made from one that reached something new, or a new one, whose faults
 * may be aimed at moments. pct: the plain run, with priorities of links. mixed: each in its turn.
 */
export const STRATEGIES = ['swarm', 'guided', 'pct', 'mixed'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** True for one whose runs learn from those before them: what its seed stands for depends on the seeds before it. */
export function learns(strategy: Strategy): boolean {
  return strategy === 'guided' || strategy === 'mixed';
}

/** Seeds that share what they learn. More would learn more, and keep one worker for longer. */
const LINEAGE = 32;
/** Where runs know nothing of each other: few, so that little is run again after a kill. */
const INDEPENDENT = 4;

/** How many seeds of a scenario, one after the other, belong together. */
export function together(strategy: Strategy): number {
  return learns(strategy) ? LINEAGE : INDEPENDENT;
}
