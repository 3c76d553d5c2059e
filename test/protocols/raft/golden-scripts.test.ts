// Interaction scripts: what a few replicas do, word for word, in the situations that the paper and the
// dissertation describe. The scripts are test/golden/raft/*.txt; their language is described in script.ts.
//
//   npx vitest run test/protocols/raft/golden-scripts.test.ts --update    writes what the replicas do now
//
// (Look at the difference: a changed line is a changed behaviour.) A new script needs its commands only.

import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runScript } from './script.js';

const SCRIPTS = fileURLToPath(new URL('../../golden/raft/', import.meta.url));

const names = readdirSync(SCRIPTS).filter((name) => name.endsWith('.txt'));

describe('raft interaction scripts', () => {
  it.each(names)('%s', async (name) => {
    const path = `${SCRIPTS}${name}`;
    await expect(runScript(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path);
  });

  it('a script that says something else is not what comes out', () => {
    const script = '> cluster 1\n> start\n  n1: became-leader of term 9\n';
    expect(runScript(script)).not.toBe(script);
    expect(runScript(runScript(script))).toBe(runScript(script));
  });

  it('a line that is neither command, comment nor outcome is refused', () => {
    expect(() => runScript('> cluster 1\nstart\n')).toThrow('neither a command nor a comment: start');
    expect(() => runScript('> dance n1\n')).toThrow('no command: dance');
    expect(() => runScript('> cluster 2\n> start\n> deliver n1>n2\n')).toThrow('nothing to deliver');
  });
});
