/** The catalogue of invariants as a document, written from the checkers themselves. */

import type { InvariantInfo } from './checker.js';

const KINDS: Readonly<Record<InvariantInfo['kind'], string>> = {
  safety: 'safety, judged on every event',
  history: 'history, judged when the run ends',
  liveness: 'liveness, judged after healing',
};

const PREFACE = `# Invariants

Generated from the checkers by \`faultline invariants --markdown\`; do not edit.

Every property has an id, which names it in reports and in a scenario's \`expect\`, a formal statement, and
the failure model under which it is promised. *Protocol-independent* properties hold for any replicated
service, users' own protocols included; *local* ones say how a protocol works, and catch a bug many steps
before it shows to clients.
`;

/** The whole document. Sections by protocol, in the order of the list. */
export function renderInvariants(infos: readonly InvariantInfo[]): string {
  const protocols = [...new Set(infos.map((info) => info.protocol))];
  const parts = [PREFACE, renderTable(infos)];
  for (const protocol of protocols) {
    parts.push(`## ${protocol === 'any' ? 'Any protocol' : title(protocol)}\n`);
    for (const info of infos) if (info.protocol === protocol) parts.push(renderInvariant(info));
  }
  return parts.join('\n');
}

function renderTable(infos: readonly InvariantInfo[]): string {
  const rows = infos.map(
    (info) => `| [\`${info.id}\`](#${anchor(info.id)}) | ${info.kind} | ${info.title} |`,
  );
  return ['| Id | Kind | In one sentence |', '|---|---|---|', ...rows, ''].join('\n');
}

function renderInvariant(info: InvariantInfo): string {
  return [
    `### ${info.id}`,
    '',
    `**${info.title}**`,
    '',
    info.statement,
    '',
    `- Kind: ${KINDS[info.kind]}; ${info.family}`,
    `- Failure model: ${info.failureModel}`,
    `- Source: ${info.source}`,
    '',
  ].join('\n');
}

/** The anchor that a heading gets: lower case, without punctuation. */
function anchor(id: string): string {
  return id.toLowerCase().replace(/[^a-z0-9-]/g, '');
}

function title(protocol: string): string {
  return protocol === 'pbft' ? 'PBFT' : protocol.charAt(0).toUpperCase() + protocol.slice(1);
}
