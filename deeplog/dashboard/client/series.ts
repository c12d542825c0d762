import type { RunEvent } from '../../training/index.js';

/** A line of a chart: values at 0, 1, 2, …; null where there is none. */
export type Values = (number | null)[];

type EpochEvent = Extract<RunEvent, { event: 'epoch' }>;

/** The run's last training that has begun. */
export function lastTraining(events: readonly RunEvent[]): number {
  return events.reduce((last, e) => (e.event === 'training' ? e.training : last), 0);
}

/** One number of each epoch, at the epoch's own place; nothing at 0. */
export function epochSeries(events: readonly RunEvent[], training: number, pick: (e: EpochEvent) => number | undefined): Values {
  const values: Values = [];
  for (const e of events) if (e.event === 'epoch' && e.training === training) values[e.epoch] = pick(e) ?? null;
  return Array.from(values, (v) => v ?? null);
}

/** Steps in buckets of equal width: the mean loss of each. `width`: steps of a bucket; at least as many as lie between two that were kept, so that the line has no gaps. */
export function stepSeries(events: readonly RunEvent[], training: number, mostBuckets: number, width?: number): { values: Values; width: number } {
  const steps = events.flatMap((e) => (e.event === 'step' && e.training === training ? [e] : []));
  const last = steps.reduce((most, e) => Math.max(most, e.global_step), 0);
  const apart = steps.length < 2 ? 1 : steps[1].global_step - steps[0].global_step;
  const w = width ?? Math.max(1, apart, Math.ceil(last / mostBuckets));
  const sums: { sum: number; n: number }[] = [];
  for (const e of steps) {
    const bucket = (sums[Math.ceil(e.global_step / w)] ??= { sum: 0, n: 0 });
    bucket.sum += e.loss;
    bucket.n++;
  }
  return { values: Array.from(sums, (b) => (b === undefined ? null : b.sum / b.n)), width: w };
}

/** Exponential moving average, corrected for its start as TensorBoard's is; weight 0 changes nothing. */
export function smooth(values: Values, weight: number): Values {
  let average = 0;
  let seen = 0;
  return values.map((v) => {
    if (v === null || weight <= 0) return v;
    average = average * weight + (1 - weight) * v;
    seen++;
    return average / (1 - weight ** seen);
  });
}

/** The best precision that is to be had at a recall of 0, 1, … 100 % or more. */
export function precisionAtRecall(pr: readonly (readonly [recall: number, precision: number])[]): Values {
  if (pr.length === 0) return [];
  return Array.from({ length: 101 }, (_, percent) => {
    const reached = pr.filter(([recall]) => recall * 100 >= percent - 1e-9).map(([, precision]) => precision);
    return reached.length === 0 ? null : Math.max(...reached);
  });
}

/** A last bin so many times as wide as the first gathers what stands apart from the others. */
const WIDE = 1.5;
const LEAST_DIGITS = 3;
const MOST_DIGITS = 12;

/** The middle of each bin, on a logarithmic axis the geometric one; of a last bin that reaches up to scores which stand apart, its end, where they are. With so many digits that each lies in its bin. */
export function binNames({ edges, scale }: { readonly edges: readonly number[]; readonly scale: string }): number[] {
  if (edges.length < 2) return [];
  const [to, from] = scale === 'log' ? [Math.log10, (x: number): number => 10 ** x] : [(x: number): number => x, (x: number): number => x];
  const at = edges.map(to);
  const apart = at[at.length - 1] - at[at.length - 2] > WIDE * (at[1] - at[0]);
  const middles = at.slice(1).map((end, i) => (apart && i === at.length - 2 ? edges[i + 1] : from((at[i] + end) / 2)));
  for (let digits = LEAST_DIGITS; ; digits++) {
    const names = middles.map((x) => Number(x.toPrecision(digits)));
    if (digits >= MOST_DIGITS || names.every((x, i) => x >= edges[i] && (x < edges[i + 1] || x === middles[i]))) return names;
  }
}
