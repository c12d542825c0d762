/** What is expected where something else was found. */
export interface Expected {
  /** Null for the end of the session. */
  readonly event: number | null;
  readonly template: string;
  readonly probability: number;
}

/** A place in a session. */
export interface Place {
  /** From 0; the session's length for its end. */
  readonly index: number;
  readonly line: number | null;
  readonly event: number | null;
  readonly template: string | null;
}

export interface WorkflowFinding extends Place {
  readonly reason: string;
  readonly expected: readonly Expected[];
}

export interface KeyFinding extends Place {
  readonly rank: number;
  readonly probability: number;
  readonly expected: readonly Expected[];
}

export interface ValueFinding extends Place {
  readonly column: string;
  readonly value: number;
  /** The interval that the values before let expect. */
  readonly low: number;
  readonly high: number;
  /** Deviations of the row's error above its mean on validation. */
  readonly score: number;
}

/** One line of the session as it stands in the log, and what speaks against it. */
export interface SessionLine extends Place {
  readonly raw: string | null;
  readonly elapsedMs: number | null;
  readonly marks: readonly ('workflow' | 'key' | 'value')[];
}

/** Why a session is abnormal, for a person. Parts that were not asked are null. */
export interface Diagnosis {
  readonly key: string;
  readonly label: boolean | null;
  /** The findings in sentences, the first thing to read first. */
  readonly summary: readonly string[];
  readonly workflow: { readonly departures: readonly WorkflowFinding[]; readonly endedEarly: WorkflowFinding | null } | null;
  readonly keys: { readonly g: number; readonly outside: readonly KeyFinding[] } | null;
  readonly values: readonly ValueFinding[] | null;
  readonly lines: readonly SessionLine[];
}
