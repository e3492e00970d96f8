export { type BatchLog, createBatchLog } from './batch-log.js';
export { connect } from './clients.js';
export { type BatchHandler, type BatchParts, createBatchHandler } from './handler.js';
export type { Job } from './job.js';
export type { PhotoErrorCode, PhotoFault, PhotoResult, PhotoSource } from './photo-result.js';
export type { Kept, ResultStore } from './result-store.js';
export { type BatchSettings, readBatchSettings } from './settings.js';
