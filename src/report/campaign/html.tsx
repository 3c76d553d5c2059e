/** One page that needs nothing else: figures, scenarios, and each kind of failure with the lines to copy. */

import { renderToString } from 'preact-render-to-string';
import { compactCount, counted, groupedCount } from '../figures.js';
import { STYLE } from './html-style.js';
import { failureTitle, totals } from './record.js';
import type { CampaignRecord, FailureRecord, KindRecord, ScenarioRecord } from './record.js';

export function htmlReport(record: CampaignRecord): string {
  return `<!doctype html>\n${renderToString(<Page record={record} />)}\n`;
}

function Page({ record }: { readonly record: CampaignRecord }) {
  const { verb, version, node, scenarios, kinds } = record;
  const { runs, passed } = totals(record);
  const title = `faultline ${verb}: ${runs === passed ? 'no failures' : counted(runs - passed, 'failure')}`;
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: STYLE }} />
      </head>
      <body>
        <main>
          <h1 class={runs === passed ? 'good' : 'bad'}>{title}</h1>
          <Figures record={record} runs={runs} />
          {kinds.length > 0 && <h2>What failed</h2>}
          {kinds.map((kind) => (
            <Kind kind={kind} />
          ))}
          <h2>What ran</h2>
          <Scenarios scenarios={scenarios} />
          <footer>
            faultline {version} on Node {node}
          </footer>
        </main>
      </body>
    </html>
  );
}

function Figures({ record, runs }: { readonly record: CampaignRecord; readonly runs: number }) {
  const { seconds, scenarios, kinds } = record;
  const events = scenarios.reduce((sum, scenario) => sum + scenario.events, 0);
  const rate = runs / Math.max(seconds, 0.001);
  return (
    <dl class="figures">
      <Figure name="runs" value={groupedCount(runs)} />
      <Figure name="events" value={compactCount(events)} />
      <Figure name="scenarios" value={groupedCount(scenarios.length)} />
      <Figure name="kinds of failure" value={groupedCount(kinds.length)} />
      <Figure name="seconds" value={seconds.toFixed(1)} />
      <Figure name="runs a second" value={rate.toFixed(1)} />
    </dl>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dd>{value}</dd>
      <dt>{name}</dt>
    </div>
  );
}

function Kind({ kind: { kind, count, failures } }: { readonly kind: KindRecord }) {
  const [first, ...others] = failures as readonly [FailureRecord, ...FailureRecord[]];
  return (
    <section class="kind" id={kind}>
      <h3>
        {failureTitle(first)} <small>{counted(count, 'time')}</small>
      </h3>
      <Failure failure={first} />
      {count > 1 && (
        <details>
          <summary>{counted(count - 1, 'failure')} more of this kind</summary>
          <ul>
            {others.map(({ scenario, seed, again }) => (
              <li>
                {scenario}, seed {seed}: <code>{again}</code>
              </li>
            ))}
          </ul>
          {count > failures.length && <p>and {groupedCount(count - failures.length)} that are not listed</p>}
        </details>
      )}
    </section>
  );
}

function Failure({ failure }: { readonly failure: FailureRecord }) {
  const { scenario, seed, bug, message, timeMicros, event, savedTo, replay, again } = failure;
  return (
    <>
      <p class="where">
        {scenario}, seed {seed}
        {bug !== undefined && `, bug ${bug}`}, event {groupedCount(event)}
        {timeMicros !== undefined && `, after ${(timeMicros / 1_000_000).toFixed(3)} s of virtual time`}
      </p>
      <p class="message">{message}</p>
      <pre>
        {replay ?? again}
        {replay !== undefined && `\n${again}`}
      </pre>
      {savedTo !== undefined && <p class="where">saved to {savedTo}</p>}
    </>
  );
}

function Scenarios({ scenarios }: { readonly scenarios: readonly ScenarioRecord[] }) {
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <th>scenario</th>
            <th class="number">runs</th>
            <th class="number">events</th>
            <th class="number">failures</th>
            <th>seeds</th>
          </tr>
        </thead>
        <tbody>
          {scenarios.map(({ name, title, runs, passed, events, firstSeed, lastSeed }) => (
            <tr class={runs === passed ? 'good' : 'bad'}>
              <td>
                {name}
                <div class="where">{title}</div>
              </td>
              <td class="number">{groupedCount(runs)}</td>
              <td class="number">{compactCount(events)}</td>
              <td class="number">{groupedCount(runs - passed)}</td>
              <td>{firstSeed === lastSeed ? firstSeed : `${firstSeed} … ${lastSeed}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
