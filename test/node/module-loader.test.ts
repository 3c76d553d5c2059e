// Names of users' modules, read alike wherever they are read.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashOfModule, loadModule } from '../../src/node/module-loader.js';

describe("a user's module", () => {
  it('without an export is refused alike, loaded or hashed', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'faultline-module-')), 'mine.js');
    writeFileSync(path, '');
    // What is left of `mine.jsx` without its last letter.
    for (const specifier of [`${path}x`, path, `${path}#`, '#mine']) {
      const problem = 'protocol.module: expected a path and an export, got';
      expect(() => hashOfModule(specifier)).toThrow(problem);
      await expect(loadModule(specifier)).rejects.toThrow(problem);
    }
    expect(hashOfModule(`${path}#mine`)).toMatch(/^[0-9a-f]{64}$/);
  });
});
