/**
 * The scenario room: the YAML form of a scenario, its defaults and its checks; text in, resolved values out.
 * What never lives here: files (callers read them), a protocol, chance, anything that happens during a run.
 */

export type { ResolveScenario, ScenarioFile } from './compose-files.js';
export { defineScenario } from './define.js';
export { axisNames, drawScenario, drawnTexts, forProtocol, type OtherSeeds } from './draw.js';
export { jsonSchema, scenarioYaml, toYaml } from './describe.js';
export { loadScenario, nameOfPath } from './load.js';
export type { LoadOptions } from './load.js';
export { processCounts, type ProcessCounts } from './processes.js';
export { MAX_TEXT_LENGTH } from './read-yaml.js';
export type { ScenarioInput } from './schema.js';
export type * from './types.js';
