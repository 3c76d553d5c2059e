// The rules that make a run repeatable are lint rules, each naming what to use instead.
// src/node and src/cli talk to the real machine, src/report formats for people: they are exempt.

import { builtinModules } from 'node:module';

import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const CLOCK =
  'Use virtual time: host.monotonicNow() or host.wallNow() in a replica, the event queue elsewhere.';
const TIMER = 'Use host.setTimer(name, min, max), or schedule an event in virtual time.';
const CHANCE = 'Draw from a named stream of Choices (src/kernel).';
const PROMISES =
  'Keep the simulation synchronous: answer through a completion event; promises live in src/node.';
const MACHINE = 'The simulation sees no machine: pass the value in from src/node or src/cli.';
const LOCALE = 'Compare and print by code units, which do not depend on the locale.';
const INEXACT = 'Its last bit may differ between engines: use integers or a table.';

const bannedGlobals = [
  ['Date', CLOCK],
  ['performance', CLOCK],
  ['setTimeout', TIMER],
  ['setInterval', TIMER],
  ['setImmediate', TIMER],
  ['clearTimeout', TIMER],
  ['clearInterval', TIMER],
  ['clearImmediate', TIMER],
  ['queueMicrotask', PROMISES],
  ['Promise', PROMISES],
  ['process', MACHINE],
  ['Buffer', 'Use Uint8Array, which browsers have too.'],
  ['require', 'Use import.'],
  ['console', 'Return data; src/report formats it and src/cli prints it.'],
  ['fetch', MACHINE],
  ['navigator', MACHINE],
  ['crypto', `${CHANCE} For signatures, use the Authenticator.`],
  ['Intl', LOCALE],
  ['WeakRef', 'Its answer depends on the garbage collector: hold the object.'],
  ['FinalizationRegistry', 'It depends on the garbage collector: release explicitly.'],
].map(([name, use]) => ({ name, message: use }));

const INEXACT_MATH =
  'sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp expm1 log log1p log2 log10 pow cbrt hypot';

const bannedProperties = [
  { object: 'Math', property: 'random', message: CHANCE },
  ...INEXACT_MATH.split(' ').map((property) => ({ object: 'Math', property, message: INEXACT })),
  ...['localeCompare', 'toLocaleString', 'toLocaleUpperCase', 'toLocaleLowerCase'].map((property) => ({
    property,
    message: LOCALE,
  })),
  ...['toLocaleDateString', 'toLocaleTimeString'].map((property) => ({ property, message: LOCALE })),
];

const NUMERIC_ID = '/^(NodeId|ProcessId|ClientId|ReplicaId|Term|LogIndex|View|Sequence|Micros)$/';
const NUMERIC_KEYS = 'Integer-like keys of a plain object are reordered: use a Map, or an array.';

const asynchronousSyntax = [
  { selector: ':function[async=true]', message: `No async functions. ${PROMISES}` },
  { selector: 'AwaitExpression', message: `No await. ${PROMISES}` },
  { selector: 'ForOfStatement[await=true]', message: `No for await. ${PROMISES}` },
  { selector: 'ImportExpression', message: `No import(). ${PROMISES}` },
  { selector: "CallExpression[callee.property.name='then']", message: `No then(). ${PROMISES}` },
];

const nondeterministicSyntax = [
  {
    selector: 'ForInStatement',
    message:
      'No for...in: its order and the prototype chain surprise; use for...of over a Map, an array or Object.keys().',
  },
  {
    selector: ":matches(BinaryExpression[operator='**'], AssignmentExpression[operator='**='])",
    message: `No ** operator. ${INEXACT}`,
  },
  {
    selector: 'CallExpression[callee.property.name=/^(sort|toSorted)$/][arguments.length=0]',
    message: 'No sort without a comparator: it compares as text; pass one, total over the elements.',
  },
  { selector: 'MetaProperty[meta.name="import"]', message: `No import.meta. ${MACHINE}` },
  {
    selector: `TSTypeReference[typeName.name='Record'] > TSTypeParameterInstantiation > TSNumberKeyword.params:first-child`,
    message: NUMERIC_KEYS,
  },
  {
    selector: `TSTypeReference[typeName.name='Record'] > TSTypeParameterInstantiation > TSTypeReference.params:first-child[typeName.name=${NUMERIC_ID}]`,
    message: NUMERIC_KEYS,
  },
  { selector: 'TSIndexSignature > Identifier TSNumberKeyword', message: NUMERIC_KEYS },
];

const houseSyntax = [
  {
    selector: 'TSEnumDeclaration',
    message: 'No enum: use a union of string literals, or constants `as const`.',
  },
  {
    selector: "TSModuleDeclaration:not([kind='global'])",
    message: 'No namespace: a file is a module; export its names.',
  },
  {
    selector: ":matches(ExportDefaultDeclaration, ExportSpecifier[exported.name='default'])",
    message: 'No default export: export it by name.',
  },
];

const focusedTests = {
  selector: "MemberExpression[object.name=/^(it|test|describe)$/][property.name='only']",
  message: 'A focused test hides all others: remove .only.',
};

const noNodeImports = {
  paths: builtinModules.map((name) => ({ name, message: 'Node modules live behind src/node.' })),
  patterns: [{ group: ['node:*'], message: 'Node modules live behind src/node.' }],
};

const MACHINE_ROOMS = ['src/node/**', 'src/cli/**'];

export default defineConfig(
  globalIgnores(['dist/', 'coverage/', 'traces/', 'test/data/', 'test/golden/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },

  {
    name: 'faultline/typescript',
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-namespace': 'off', // said below, for src, with what to use instead
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  {
    name: 'faultline/plain-javascript',
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'performance',
          'URL',
          'Buffer',
          'setTimeout',
          'setImmediate',
          'globalThis',
          'gc',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    name: 'faultline/commonjs',
    files: ['**/*.cjs'],
    languageOptions: { sourceType: 'commonjs', globals: { module: 'writable', require: 'readonly' } },
  },

  {
    name: 'faultline/source',
    files: ['src/**/*.{ts,tsx}'],
    rules: { 'no-restricted-syntax': ['error', ...houseSyntax] },
  },
  {
    name: 'faultline/runs-in-a-browser',
    files: ['src/**/*.{ts,tsx}'],
    ignores: MACHINE_ROOMS,
    rules: { 'no-restricted-imports': ['error', noNodeImports] },
  },
  {
    name: 'faultline/deterministic',
    files: ['src/**/*.{ts,tsx}'],
    ignores: [...MACHINE_ROOMS, 'src/report/**'],
    rules: {
      'no-restricted-globals': ['error', { globals: bannedGlobals, checkGlobalObject: true }],
      'no-restricted-properties': ['error', ...bannedProperties],
      'no-restricted-syntax': ['error', ...houseSyntax, ...nondeterministicSyntax, ...asynchronousSyntax],
    },
  },
  {
    // The library's front doors load src/node lazily and may answer with a promise.
    name: 'faultline/front-doors',
    files: ['src/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        { globals: bannedGlobals.filter(({ name }) => name !== 'Promise'), checkGlobalObject: true },
      ],
      'no-restricted-syntax': ['error', ...houseSyntax, ...nondeterministicSyntax],
    },
  },
  {
    // The guard takes the ambient globals away while a simulation runs, so it has to name them.
    name: 'faultline/guard',
    files: ['src/simulator/guard.ts'],
    rules: {
      'no-restricted-globals': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-syntax': ['error', ...houseSyntax],
    },
  },

  {
    name: 'faultline/tests',
    files: ['test/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Use fast-check, or a seeded stream of Choices.' },
        {
          object: 'vi',
          property: 'mock',
          message: 'No mocks: build the real thing in a small configuration.',
        },
      ],
      'no-restricted-syntax': ['error', focusedTests],
    },
  },
);
