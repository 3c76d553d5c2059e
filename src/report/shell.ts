/** Command lines to copy: the one that repeats a run, and the one that replays its trace. */

export interface Repetition {
  /** What the user called the scenario: a name or a path. */
  readonly scenario: string;
  readonly seed: string;
  readonly set: readonly string[];
  readonly bug: string | undefined;
  readonly beyondModel: boolean;
}

/** A word as a POSIX shell reads it back. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Runs one seed again from its recipe. */
export function runCommand(run: Repetition): string {
  const words = ['faultline', 'run', run.scenario, '--seed', run.seed];
  for (const setting of run.set) words.push('--set', setting);
  if (run.bug !== undefined) words.push('--bug', run.bug);
  if (run.beyondModel) words.push('--beyond-model');
  return words.map(shellWord).join(' ');
}

export interface CampaignRepetition extends Omit<Repetition, 'seed' | 'beyondModel'> {
  readonly strategy: string;
  readonly first: number;
  readonly runs: number;
  readonly shard: { readonly shard: number; readonly of: number };
}

/** Runs a piece of a campaign again. */
export function fuzzCommand(campaign: CampaignRepetition): string {
  const { scenario, strategy, first, runs, shard, set, bug } = campaign;
  const words = [
    'faultline',
    'fuzz',
    scenario,
    '--strategy',
    strategy,
    '--first',
    `${first}`,
    '--runs',
    `${runs}`,
  ];
  if (shard.of > 1) words.push('--shard', `${shard.shard + 1}/${shard.of}`);
  for (const setting of set) words.push('--set', setting);
  if (bug !== undefined) words.push('--bug', bug);
  return words.map(shellWord).join(' ');
}

/** Replays a saved trace. */
export function replayCommand(path: string): string {
  return `faultline replay ${shellWord(path)}`;
}
