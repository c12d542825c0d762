export { ASK_ONCE, FRUGAL, Knowledge, type Outcome, type TriageRules } from './knowledge.js';
