export { TriageAnswers } from './answers.js';
export { Clusters, type Cluster } from './clusters.js';
export { ASK_ONCE, FRUGAL, Knowledge, type Outcome, type TriageRules } from './knowledge.js';
export { withLock } from './lock.js';
export { patternId, shortId, TriageStore, type Answer, type Sighting, type Standing, type TriageChange, type TriagePattern } from './store.js';
export { patternsAsCsv, renderPatterns } from './render.js';
