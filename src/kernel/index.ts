/**
 * The kernel: virtual time, event queue, choices, digest, assertions and the contracts.
 * What never lives here: a protocol, a fault, a file, anything that reads the real world.
 */

export * from './assert.js';
export * from './attack-surface.js';
export * from './authenticator.js';
export * from './benign-choices.js';
export * from './choices.js';
export * from './command.js';
export * from './contracts.js';
export * from './digest.js';
export * from './distribution.js';
export * from './edited-choices.js';
export * from './errors.js';
export * from './event-queue.js';
export * from './hash.js';
export * from './nearest.js';
export * from './outline.js';
export * from './plain.js';
export * from './random.js';
export * from './random-choices.js';
export * from './recorded-choices.js';
export * from './redrawn-choices.js';
export * from './leader-search.js';
export * from './request-reply.js';
export * from './settings-reader.js';
export * from './slide.js';
export * from './time.js';
export * from './units.js';
