import { test } from 'vitest';
import { simulate } from '../../src/simulator/simulate.js';
import { bundledFiles, loadBundled } from './support.js';
test('run', () => {
  const lines: string[] = [];
  for (const f of bundledFiles) {
    const s = loadBundled(f);
    const counts = new Map<string, number>();
    const sums = new Map<string, number>();
    let bad = '';
    const add = (p: string, v: unknown): void => { if (typeof v === 'number') sums.set(p, (sums.get(p) ?? 0) + v); else if (v && typeof v === 'object') for (const [k, x] of Object.entries(v)) add(p + '.' + k, x); };
    for (let i = 0; i < 60; i++) {
      const o = simulate(s, { seed: 's' + i, strategy: 'random' } as never) as any;
      const k = o.status + (o.violation ? ':' + o.violation.invariant : '');
      counts.set(k, (counts.get(k) ?? 0) + 1);
      if (o.status !== s.expect.outcome && !bad) bad = `s${i} ${JSON.stringify(o.violation ?? o.liveness ?? '')}`;
      add('', o.statistics);
    }
    lines.push(`${s.name} ${JSON.stringify([...counts])} ${bad}`, '   ' + [...sums].filter(([, v]) => v > 0).map(([k, v]) => `${k.slice(1)}=${(v / 60).toFixed(1)}`).join(' '));
  }
  console.log(lines.join('\n'));
}, 600000);
