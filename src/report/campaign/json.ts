/** One JSON document: the whole record. */

import type { CampaignRecord } from './record.js';

/** The version of the document's form. */
const SCHEMA = 'faultline-report/1';

export function jsonReport(record: CampaignRecord): string {
  return `${JSON.stringify({ schema: SCHEMA, ...record }, undefined, 2)}\n`;
}
