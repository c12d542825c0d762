export { logKeyModel, type LogKeyOptions } from './log_key.js';
