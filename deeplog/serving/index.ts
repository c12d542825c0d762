export { ApiKeys } from './auth.js';
export { DEFAULT_LIMITS, Gate, type Limits } from './limits.js';
export { ServiceMetrics } from './instruments.js';
export { ModelRegistry, modelSpecs, type ModelSpec } from './models.js';
export { buildServer } from './server.js';
export { Reloader } from './reload.js';
export { serve, type ServeOptions } from './serve.js';
