/** How the page of a campaign looks, by day and by night. */

export const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --dim: #5c6675; --line: #d9dee6; --back: #fbfcfd; --card: #fff;
  --bad: #b3261e; --good: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --dim: #98a2b1; --line: #303845; --back: #14181f;
  --card: #1b212a; --bad: #ff8a80; --good: #7fd6a0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .75rem; } h3 { font-size: 1rem; margin: 0 0 .25rem; }
h1.good { color: var(--good); } h1.bad, .kind h3 { color: var(--bad); }
small, .where, dt, footer, summary { color: var(--dim); font-size: .85rem; font-weight: normal; }
.figures { display: flex; flex-wrap: wrap; gap: 1.5rem; margin: 0; }
.figures dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
.kind { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 4px;
  padding: 1rem; margin-bottom: 1rem; }
.kind p { margin: .25rem 0; }
.message { white-space: pre-wrap; overflow-wrap: anywhere; }
pre, code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: var(--back); border: 1px solid var(--line); border-radius: 4px; padding: .5rem .75rem; margin: .75rem 0; }
details { margin-top: .5rem; } ul { padding-left: 1.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--dim); font-weight: normal; font-size: .85rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
tr.bad .number:nth-child(4) { color: var(--bad); font-weight: bold; }
footer { margin-top: 2rem; }
`;
