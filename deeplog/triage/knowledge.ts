/** How one operator's answer about a session settles the patterns in it, and when it is asked for. */
export interface TriageRules {
  /**
   * `each`: an answer holds for every pattern of the session that had none; any new pattern asks. `careful`: "normal" clears all its
   * patterns, "abnormal" convicts the one that is left when the cleared ones are taken away; of several left each is a suspect only.
   * `joint`: as careful, but cleared patterns are quiet together only where one answer cleared them together, and a combination that was
   * answered for follows that answer.
   */
  readonly credit: 'each' | 'careful' | 'joint';
  /** A pattern is asked about at its this-many-th sighting; 1: at once. Until then it alerts. */
  readonly askAt: number;
  /** So many questions about suspects at most, each; after that they alert without asking. */
  readonly mostQuestions: number;
  /** New patterns follow the answers about sessions of the same group once there are this many and all agree; null: never. */
  readonly groupAfter: number | null;
  /** An answer is forgotten when its pattern was not seen for longer than this, in the unit of `now`; null: never. */
  readonly maxAge: number | null;
}

/** The first session with a new pattern asks, and its answer becomes that of its patterns. */
export const ASK_ONCE: TriageRules = { credit: 'each', askAt: 1, mostQuestions: 1, groupAfter: null, maxAge: null };

/** Fewer questions: what happens once is not asked about, blame is given only where it is proved, and like sessions follow like. */
export const FRUGAL: TriageRules = { credit: 'careful', askAt: 2, mostQuestions: 3, groupAfter: 2, maxAge: null };

/** What becomes of a session that a detector flags: an alert that asks, an alert that follows an earlier answer (or waits), or silence. */
export type Outcome = 'question' | 'alert' | 'quiet';

interface Known {
  state: 'new' | 'suspect' | 'normal' | 'abnormal';
  questions: number;
  seen: number;
}

/** What is known of patterns from an operator's answers so far. */
export class Knowledge {
  private readonly patterns = new Map<string, Known>();
  private readonly groups = new Map<string, { normal: number; abnormal: number }>();
  /** For `joint`: answers by combination, and the combinations that were normal, by each of their patterns. */
  private readonly combinations = new Map<string, boolean>();
  private readonly normalWith = new Map<string, ReadonlySet<string>[]>();
  private readonly sightings = new Map<string, number>();

  constructor(readonly rules: TriageRules) {}

  /** Patterns that have an answer. */
  get settled(): number {
    let n = 0;
    for (const { state } of this.patterns.values()) if (state === 'normal' || state === 'abnormal') n++;
    return n;
  }

  /**
   * Of a flagged session with these patterns (one or more), in the order in which sessions come. `group`: what it has in common with
   * sessions that are much like it; `now`: any clock that only grows.
   */
  judge(patterns: readonly string[], group: string, now: number): Outcome {
    const { credit, askAt, mostQuestions, groupAfter } = this.rules;
    const known = patterns.map((p) => this.seen(p, now));
    const open = known.filter((k) => k.state !== 'normal');
    const answered = credit === 'joint' ? this.combinations.get(patterns.join('\n')) : undefined;
    if (answered !== undefined) return answered ? 'alert' : 'quiet';
    const cleared = open.length === 0;
    if (cleared && (credit !== 'joint' || this.clearedTogether(patterns))) return 'quiet';
    const fresh = open.some((k) => k.state === 'new');
    const convicted = open.some((k) => k.state === 'abnormal');
    if (convicted && !(credit === 'each' && fresh)) return 'alert';
    const answers = groupAfter === null ? undefined : this.groups.get(group);
    if (answers !== undefined && groupAfter !== null && answers.normal + answers.abnormal >= groupAfter && Math.min(answers.normal, answers.abnormal) === 0) return answers.normal > 0 ? 'quiet' : 'alert';
    if (askAt > 1 && this.sighted(cleared ? patterns : patterns.filter((_, i) => known[i].state !== 'normal')) < askAt) return 'alert';
    return fresh || cleared || Math.min(...open.map((k) => k.questions)) < mostQuestions ? 'question' : 'alert';
  }

  /** The operator's answer about a session. */
  answer(patterns: readonly string[], group: string, abnormal: boolean, now: number): void {
    const known = patterns.map((p) => this.seen(p, now));
    const answers = this.groups.get(group) ?? { normal: 0, abnormal: 0 };
    answers[abnormal ? 'abnormal' : 'normal']++;
    this.groups.set(group, answers);
    const open = known.filter((k) => k.state !== 'normal');
    if (this.rules.credit === 'joint') {
      this.combinations.set(patterns.join('\n'), abnormal);
      if (!abnormal) for (const p of patterns) this.normalWith.set(p, [...(this.normalWith.get(p) ?? []), new Set(patterns)]);
    }
    for (const k of this.rules.credit === 'each' ? known.filter((p) => p.state === 'new') : open) {
      k.questions++;
      if (!abnormal) k.state = 'normal';
      else k.state = this.rules.credit === 'each' || open.length === 1 || k.state === 'abnormal' ? 'abnormal' : 'suspect';
    }
  }

  /** One session that was normal held all of these. */
  private clearedTogether(patterns: readonly string[]): boolean {
    return (this.normalWith.get(patterns[0]) ?? []).some((set) => patterns.every((p) => set.has(p)));
  }

  /** What is known of a pattern, its age taken into account; the sighting is noted. */
  private seen(pattern: string, now: number): Known {
    let known = this.patterns.get(pattern);
    if (known === undefined || (this.rules.maxAge !== null && now - known.seen > this.rules.maxAge)) this.patterns.set(pattern, (known = { state: 'new', questions: 0, seen: now }));
    known.seen = now;
    return known;
  }

  private sighted(open: readonly string[]): number {
    const key = open.join('\n');
    const times = (this.sightings.get(key) ?? 0) + 1;
    this.sightings.set(key, times);
    return times;
  }
}
