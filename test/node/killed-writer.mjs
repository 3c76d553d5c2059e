// @ts-check
// Writes a trace with the built code and is killed at a chosen call to the file system, as by `kill -9`.
//
//   node killed-writer.mjs SOURCE TARGET CALL
//
// CALL counts from 1. At a call that writes, half of the bytes are written first. Prints `done` and the
// number of calls when it survives.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [source = '', target = '', call = '0'] = process.argv.slice(2);
const built = new URL('../../dist/node/trace-file.js', import.meta.url);
const { readTraceFile, writeTraceFile } = await import(built.href);
const trace = readTraceFile(source);

let calls = 0;
for (const name of /** @type {const} */ (['openSync', 'writeSync', 'fsyncSync', 'closeSync', 'renameSync'])) {
  const original = /** @type {(...parameters: any[]) => any} */ (fs[name]);
  /** @param {any[]} parameters */
  const deadly = (...parameters) => {
    calls++;
    if (calls === Number(call)) {
      const [file, bytes] = parameters;
      if (name === 'writeSync') original(file, bytes.subarray(0, bytes.length >> 1));
      process.kill(process.pid, 'SIGKILL');
    }
    return original(...parameters);
  };
  Object.assign(fs, { [name]: deadly });
}
syncBuiltinESMExports();

writeTraceFile(target, trace);
fs.writeFileSync(1, `done ${calls}\n`);
