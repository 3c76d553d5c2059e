/** What a campaign leaves for other programs and for readers elsewhere: one record, and its forms. Pure text. */

export { CampaignRecorder, type CampaignRecord, type EarlierRuns } from './record.js';
export { githubAnnotations, githubSummary } from './github.js';
export { htmlReport } from './html.js';
export { jsonReport } from './json.js';
export { junitReport } from './junit.js';
