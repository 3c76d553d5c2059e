/** Accountability after a run: from transcripts of replicas to culprits with proofs that anybody can check. */

export { accuse, isProved, type Accusation } from './accuse.js';
export { Archive, type Notary, type Transcript } from './archive.js';
export { audit, type AuditReport } from './audit.js';
export { chainOf, type AuditTerms, type AuditedConfiguration } from './chain.js';
export { CHARGES, chargeOfOne, chargeOfTwo, type Charge } from './charges.js';
export { auditRecord, statementText, type AuditRecord, type CulpritRecord, type ProofText } from './words.js';
export type { Testimony } from './testimony.js';
