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

/** Replays a saved trace. */
export function replayCommand(path: string): string {
  return `faultline replay ${shellWord(path)}`;
}
