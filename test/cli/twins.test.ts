import { describe, expect, it } from 'vitest';
import { faultline, jsonLines as lines } from './faultline.js';

describe('cli: twins', () => {
  it('explores every scenario, and tells how many a second', async () => {
    const { code, stdout } = await faultline(['twins', '--depth', '2', '--parts', '2']);
    expect(code).toBe(0);
    expect(stdout).toContain('explored 510 of 510 scenarios of 2 rounds');
    expect(stdout).toMatch(/played to their end, [\d,]+ a second of CPU time/);
  });

  it('explores a shard', async () => {
    const words = ['twins', '--depth', '2', '--parts', '2', '--json', '--shard'];
    const shards = await Promise.all(['1/2', '2/2'].map((shard) => faultline([...words, shard])));
    const played = shards.map(({ stdout }) => lines(stdout).at(-1)?.['played'] as number);
    expect(played.every((count) => count > 100)).toBe(true);
    expect(played.reduce((sum, count) => sum + count, 0)).toBe(510);
  });

  it('names the scenario that breaks something, and plays it again', async () => {
    const shape = ['twins', '--depth', '1', '--parts', '2', '--bug', 'P35', '--json'];
    const found = await faultline(shape);
    expect(found.code).toBe(1);
    const [first] = lines(found.stdout);
    expect(first).toMatchObject({ type: 'twins-scenario', invariant: 'pbft/committed-prepared' });
    const again = await faultline([...shape, '--only', String(first?.['scenario'])]);
    expect(again.code).toBe(1);
    expect(lines(again.stdout)[0]).toEqual(first);
  });

  it('plays one scenario, and tells its rounds', async () => {
    const { code, stdout } = await faultline(['twins', '--depth', '2', '--parts', '2', '--only', '3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PASSED scenario 3\n {2}round 1: n\d leads/);
  });

  it('ends at Ctrl-C, and tells how far it came', async () => {
    let isSent = false;
    const { code, stdout } = await faultline(['twins', '--depth', '6', '--bug', 'P35', '--json'], {
      onOutput: () => {
        if (isSent) return undefined;
        isSent = true;
        return 'SIGINT';
      },
    });
    expect(code).toBe(130);
    expect(lines(stdout).at(-1)).toMatchObject({ type: 'summary', isComplete: false, exitCode: 130 });
  });

  it.each([
    [['--shard', '3/2'], '--shard: expected I/N'],
    [['--only', '15', '--depth', '1', '--parts', '2'], '--only: expected a scenario from 0 to 14'],
    [['--nodes', '7', '--twins', '2'], 'choices of a round'],
    [['--bug', 'R23'], 'expected a bug in a replica of pbft'],
    [['--twins', '3', '--nodes', '3'], '--nodes: expected a whole number from 4'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await faultline(['twins', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
