export { diagnose } from './diagnose.js';
export type { Diagnosis, Expected, KeyFinding, Place, SessionLine, ValueFinding, WorkflowFinding } from './diagnosis.js';
export { readInput, select, type DiagnosisInput, type Wanted } from './input.js';
export { loadModels, requireSameTemplates, type DiagnosisModels, type ModelFolders } from './models.js';
export { renderHtml } from './render_html.js';
export { renderText } from './render_text.js';
export { runDiagnosis, type DiagnosisOptions, type DiagnosisResult } from './run_diagnosis.js';
