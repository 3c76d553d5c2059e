// The rooms of src/ and what each may import. `npm run imports` checks it; docs/architecture.md explains it.
// A room may always import itself; a protocol may import itself, never another protocol.

const ATTACK_SURFACES = 'protocols/[^/]+/attack-surface';

const MODEL = ['kernel', 'world', 'protocols', 'services', 'faults', 'checkers', 'scenario', 'zoo'];

/** Room → the rooms (or files) it may import. */
const ROOMS = {
  kernel: [],
  world: ['kernel'],
  services: ['kernel'],
  faults: ['kernel', 'world', ATTACK_SURFACES],
  checkers: ['kernel', 'protocols', 'services'],
  scenario: ['kernel', 'world', 'faults', 'services'],
  zoo: ['kernel', 'protocols', 'services'],
  simulator: MODEL,
  campaign: [...MODEL, 'simulator'],
  report: [...MODEL, 'simulator', 'campaign'],
  node: [...MODEL, 'simulator', 'campaign', 'report'],
};

/** npm package → the rooms (or top-level files) that may import it. */
const PACKAGES = {
  seedrandom: ['kernel'],
  yaml: ['scenario', 'node', 'cli'],
  zod: ['scenario', 'node', 'cli'],
  chalk: ['report', 'cli'],
  'cli-table3': ['report', 'cli'],
  'fast-xml-builder': ['report', 'cli'],
  preact: ['report', 'cli'],
  'preact-render-to-string': ['report', 'cli'],
  commander: ['cli'],
  tinypool: ['node', 'cli'],
  bullmq: ['node', 'cli'],
  ioredis: ['node', 'cli'],
  'edn-data': ['node'],
  '@noble/hashes': ['simulator', 'report', 'node', 'cli'],
  'fast-check': ['fast-check\\.ts'],
};

const FRONT_DOORS = ['index', 'protocol', 'fast-check'];

// `kernel` means the folder; `protocols/x/attack-surface` a file of that name, or a folder.
const within = (places) =>
  places.map((place) => (/[\\/]/.test(place) ? `^src/${place}(\\.ts$|/)` : `^src/${place}/`));

const roomRules = Object.entries(ROOMS).map(([room, allowed]) => ({
  name: `room-${room}`,
  severity: 'error',
  comment: `src/${room} may import only: ${allowed.join(', ') || 'nothing'}.`,
  from: { path: `^src/${room}/` },
  to: { path: '^src/', pathNot: within([room, ...allowed]) },
}));

const packageRules = Object.entries(PACKAGES).map(([name, places]) => ({
  name: `package-${name}`,
  severity: 'error',
  comment: `${name} may be imported only in: ${places.join(', ')}.`,
  from: {
    path: '^src/',
    pathNot: places.map((place) => (place.endsWith('.ts') ? `^src/${place}$` : `^src/${place}/`)),
  },
  to: { path: `(^|/)node_modules/(@types/)?${name}/` },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: 'room-protocols',
      severity: 'error',
      comment: 'A protocol imports the kernel and itself: no other protocol, and never the world.',
      from: { path: '^src/protocols/([^/]+)/' },
      to: { path: '^src/', pathNot: ['^src/kernel/', '^src/protocols/$1/'] },
    },
    {
      name: 'room-protocols-list',
      severity: 'error',
      comment: 'A file directly in src/protocols may gather the protocols, and import the kernel.',
      from: { path: '^src/protocols/[^/]+$' },
      to: { path: '^src/', pathNot: within(['kernel', 'protocols']) },
    },
    {
      name: 'front-doors',
      severity: 'error',
      comment: 'The public entry points may import every room but the command line.',
      from: { path: `^src/(${FRONT_DOORS.join('|')})\\.ts$` },
      to: { path: '^src/cli/' },
    },
    {
      name: 'known-room',
      severity: 'error',
      comment: 'A new room or top-level file needs a line in this table.',
      from: {
        path: '^src/',
        pathNot: [
          `^src/(${[...Object.keys(ROOMS), 'protocols', 'cli'].join('|')})/`,
          `^src/(${FRONT_DOORS.join('|')})\\.ts$`,
        ],
      },
      to: {},
    },
    {
      name: 'runs-in-a-browser',
      severity: 'error',
      comment: 'Only src/node and src/cli may import Node modules.',
      from: { path: '^src/', pathNot: within(['node', 'cli']) },
      to: { dependencyTypes: ['core'] },
    },
    ...packageRules,
    {
      name: 'declared-package',
      severity: 'error',
      comment: 'Whatever src/ imports must be a declared dependency with a line in this table.',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
        pathNot: Object.keys(PACKAGES).map((name) => `(^|/)node_modules/(@types/)?${name}/`),
      },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Files that import each other cannot be understood one by one.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'The import leads nowhere.',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.d.ts', '.js', '.json'],
    },
  },
};
