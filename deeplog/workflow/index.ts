export { Follower, type Departure, type Path } from './follow.js';
export { learnWorkflow } from './learn.js';
export { findLoopKeys, type CountedSequence } from './loops.js';
export { Workflow, WORKFLOW_DEFAULTS, type WorkflowOptions, type WorkflowState } from './workflow.js';
export { toNetwork, type NetworkNode } from './network.js';
export { outline, type Outline, type OutlineNode } from './outline.js';
export { simplify } from './simplify.js';
export { drawDot } from './draw_dot.js';
export { drawSvg } from './draw_svg.js';
