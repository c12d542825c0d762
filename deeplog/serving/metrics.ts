/** Upper bounds of the latency histogram, in seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Labels = Readonly<Record<string, string>>;

interface Series {
  readonly labels: Labels;
  value: number;
}

/** Counters, gauges and one histogram in Prometheus' text format 0.0.4. */
export class Metrics {
  private readonly counters = new Map<string, { readonly help: string; readonly series: Map<string, Series> }>();
  private readonly gauges: { readonly name: string; readonly help: string; read(): readonly Series[] }[] = [];
  private readonly histograms = new Map<string, { readonly labels: Labels; readonly counts: Float64Array; sum: number; count: number }>();

  counter(name: string, help: string): (labels: Labels, by?: number) => void {
    const series = new Map<string, Series>();
    this.counters.set(name, { help, series });
    return (labels, by = 1) => {
      const key = labelText(labels);
      const known = series.get(key);
      if (known === undefined) series.set(key, { labels, value: by });
      else known.value += by;
    };
  }

  gauge(name: string, help: string, read: () => number | readonly Series[]): void {
    this.gauges.push({ name, help, read: () => { const v = read(); return typeof v === 'number' ? [{ labels: {}, value: v }] : v; } });
  }

  /** A request took `seconds`. */
  observe(labels: Labels, seconds: number): void {
    const key = labelText(labels);
    let h = this.histograms.get(key);
    if (h === undefined) this.histograms.set(key, (h = { labels, counts: new Float64Array(BUCKETS.length), sum: 0, count: 0 }));
    const bucket = BUCKETS.findIndex((bound) => seconds <= bound);
    if (bucket >= 0) h.counts[bucket]++;
    h.sum += seconds;
    h.count++;
  }

  text(): string {
    const out: string[] = [];
    const head = (name: string, help: string, type: string): void => { out.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`); };
    for (const [name, { help, series }] of this.counters) {
      head(name, help, 'counter');
      for (const s of series.values()) out.push(`${name}${labelText(s.labels)} ${s.value}`);
    }
    for (const g of this.gauges) {
      head(g.name, g.help, 'gauge');
      for (const s of g.read()) out.push(`${g.name}${labelText(s.labels)} ${s.value}`);
    }
    head('deeplog_request_seconds', 'Time from the request headers to the end of the answer.', 'histogram');
    for (const h of this.histograms.values()) {
      let below = 0;
      BUCKETS.forEach((bound, i) => out.push(`deeplog_request_seconds_bucket${labelText({ ...h.labels, le: String(bound) })} ${(below += h.counts[i])}`));
      out.push(`deeplog_request_seconds_bucket${labelText({ ...h.labels, le: '+Inf' })} ${h.count}`, `deeplog_request_seconds_sum${labelText(h.labels)} ${h.sum}`, `deeplog_request_seconds_count${labelText(h.labels)} ${h.count}`);
    }
    return `${out.join('\n')}\n`;
  }
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels);
  return entries.length === 0 ? '' : `{${entries.map(([k, v]) => `${k}="${v.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`).join(',')}}`;
}
