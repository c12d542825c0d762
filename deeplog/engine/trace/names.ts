/** Names of a traced step's outputs; apart from the tracer, so that a worker need not load tfjs to know them. */
export const LOSS = 'loss';

/** Gradients come out as `gradient:<parameter>`, in the order of the model's parameters. */
export const gradientName = (parameter: string): string => `gradient:${parameter}`;
