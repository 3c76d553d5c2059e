/** A process that hunts bugs, seen from the one that tells it what to hunt. */

import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HuntEnd, HuntMessage, HuntState, HuntTask } from './hunt-process.js';
import { fromWire } from './tasks.js';

/** Real time without a word, after which a run of a bug is taken for an endless loop; and how often that is looked at. */
const SILENCE_MILLIS = 120_000;
const LOOK_MILLIS = 1000;

export type HuntOutcome = HuntEnd & {
  /** True when the run after the last one that was told of never ended. */
  readonly isStuck: boolean;
};

/** The process is gone, of what nobody knows: killed, say, or out of memory. It says nothing about the hunt. */
export class HuntProcessDied extends Error {
  override readonly name = 'HuntProcessDied';
}

export class Hunter {
  private child: ChildProcess | undefined = undefined;

  constructor(private readonly signal: AbortSignal) {}

  /** Undefined when the signal ended it. Rejects with what the process could not do. */
  async hunt(task: HuntTask, onState: (state: HuntState) => void): Promise<HuntOutcome | undefined> {
    const child = (this.child ??= start());
    let last: HuntState = { seeds: 0, useless: 0, cpuMicros: 0 };
    let looks = 0;
    let timer: NodeJS.Timeout | undefined = undefined;
    let onAbort = (): void => undefined;
    try {
      return await new Promise((resolve, reject) => {
        // Looks are counted, and not the time: all may have been stopped for a while.
        timer = setInterval(() => {
          if (++looks * LOOK_MILLIS > SILENCE_MILLIS) resolve({ ...last, finding: undefined, isStuck: true });
        }, LOOK_MILLIS);
        onAbort = () => resolve(undefined);
        this.signal.addEventListener('abort', onAbort);
        if (this.signal.aborted) onAbort();
        child.on('exit', (code, by) =>
          reject(new HuntProcessDied(`the process that hunts ended with ${by ?? `exit code ${code ?? -1}`}`)),
        );
        child.on('error', ({ message }) => reject(new HuntProcessDied(`the process that hunts: ${message}`)));
        child.on('message', (message: HuntMessage) => {
          if (message.kind === 'error') reject(fromWire(message.error));
          else if (message.kind === 'end') resolve({ ...message.end, isStuck: false });
          else {
            last = message.state;
            onState(last);
            looks = 0;
          }
        });
        child.send(task);
      });
    } finally {
      clearInterval(timer);
      this.signal.removeEventListener('abort', onAbort);
      // What is still under way is of no use; a new process begins with nothing compiled, as each hunt does.
      this.close();
    }
  }

  close(): void {
    this.child?.removeAllListeners();
    this.child?.kill('SIGKILL');
    this.child = undefined;
  }
}

function start(): ChildProcess {
  return fork(fileURLToPath(new URL('./hunt-process.js', import.meta.url)), [], {
    serialization: 'advanced',
    // What a run prints must not get between the results.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}
