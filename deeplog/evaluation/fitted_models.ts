import { existsSync } from 'node:fs';
import path from 'node:path';
import { codeVersion, hashOfValue, openOutput, readManifest, writeManifest } from '../artifacts/index.js';
import { UsageError } from '../common/index.js';
import { loadDetector, type Detector } from '../detectors/index.js';
import type { Engine } from '../engine/index.js';
import type { Reporter } from '../training/index.js';
import { sourcesFor } from './details.js';
import { inputHash } from './input_hash.js';
import type { Task } from './protocols.js';

export interface FittingOptions {
  readonly artifacts: string;
  /** Keep fitted models by split, inputs and configuration, and use them again. */
  readonly cache: boolean;
  /** A trained model to use where its split is the same. */
  readonly model?: string;
  engine(): Promise<Engine>;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

export interface Fitted {
  readonly detector: Detector;
  /** Seconds of fitting, those of the parts of a combined detector included; of the first time where it was fitted before. */
  readonly fitSeconds: number;
  /** The folder it was read from. */
  readonly reused: string | null;
}

/** The models fitted on one task: each once, whichever detectors are read off it or combine it. */
export class FittedModels {
  private readonly known = new Map<string, Fitted>();
  private given: Detector | null = null;

  constructor(private readonly task: Task, private readonly options: FittingOptions) {}

  /** @throws DataError when the detector cannot be fitted; UsageError when --model is of another split. */
  async obtain(detector: Detector): Promise<Fitted> {
    const key = hashOfValue([familyOf(detector), detector.config?.() ?? null]);
    const known = this.known.get(key);
    if (known !== undefined) return { ...known, detector: detector.adopt?.(known.detector) ?? known.detector };
    const fitted = detector.components === undefined || detector.reusing === undefined ? await this.single(detector) : await this.combined(detector, detector.components);
    this.known.set(key, fitted);
    return fitted;
  }

  async dispose(): Promise<void> {
    for (const { detector } of this.known.values()) await detector.dispose?.();
    if (![...this.known.values()].some((f) => f.detector === this.given)) await this.given?.dispose?.();
    this.known.clear();
  }

  /** Parts first, each as if it stood alone; then what joins them. */
  private async combined(detector: Detector, components: readonly Detector[]): Promise<Fitted> {
    const parts: Fitted[] = [];
    for (const component of components) parts.push(await this.obtain(component));
    const joined = await this.fresh(detector.reusing?.(parts.map((p) => p.detector)) ?? detector);
    return { ...joined, fitSeconds: parts.reduce((sum, p) => sum + p.fitSeconds, joined.fitSeconds) };
  }

  private async single(detector: Detector): Promise<Fitted> {
    const given = await this.fromModel(detector);
    if (given !== null) return given;
    if (!this.options.cache || detector.config === undefined) return this.fresh(detector);
    const folder = await this.folderOf(detector);
    if (existsSync(path.join(folder, 'manifest.json'))) {
      const { fit_seconds } = await readManifest(folder);
      const loaded = await loadDetector(folder, this.options.engine);
      return { detector: detector.adopt?.(loaded) ?? loaded, fitSeconds: Number(fit_seconds), reused: folder };
    }
    const startedAt = performance.now();
    const fitted = await this.fresh(detector);
    await openOutput(folder);
    await detector.save(folder);
    const { split, seed } = this.task;
    await writeManifest(folder, { stage: 'benchmark fit', startedAt, inputs: {}, options: detector.config(), seed, extra: { split_sha256: split.sha256, fit_seconds: fitted.fitSeconds } });
    return fitted;
  }

  private async fresh(detector: Detector): Promise<Fitted> {
    const { engine, report, signal } = this.options;
    const started = performance.now();
    const [train, validation] = await sourcesFor(this.task, detector);
    await detector.fit(train, validation, { seed: this.task.seed, engine, report, signal });
    return { detector, fitSeconds: (performance.now() - started) / 1000, reused: null };
  }

  /** The model that --model names, where the detector can be read off it. */
  private async fromModel(detector: Detector): Promise<Fitted | null> {
    const { model, engine } = this.options;
    const { split, protocol, seed } = this.task;
    if (model === undefined) return null;
    const manifest = await readManifest(model);
    if (manifest.split_sha256 !== split.sha256) throw new UsageError(`--model ${model}: was trained on another split (${String(manifest.split_sha256).slice(0, 12)}…) than ${protocol} with seed ${seed} (${split.sha256.slice(0, 12)}…), so its number would not be comparable. Train it on this split, or leave --model out.`);
    this.given ??= await loadDetector(model, engine);
    if (familyOf(this.given) !== familyOf(detector)) return null;
    return { detector: detector.adopt?.(this.given) ?? this.given, fitSeconds: Number(manifest.fit_seconds ?? manifest.wall_seconds), reused: model };
  }

  private async folderOf(detector: Detector): Promise<string> {
    const info = detector.usesEngine === true ? (await this.options.engine()).info : null;
    const hash = hashOfValue({
      code: await codeVersion(), split: this.task.split.sha256, inputs: await inputHash(this.task, detector.needs), seed: this.task.seed, family: familyOf(detector), config: detector.config?.() ?? null,
      engine: info && { engine: info.engine, backend: info.backend },
    });
    return path.join(this.options.artifacts, 'benchmark', 'fitted', `${familyOf(detector)}-${hash.slice(0, 16)}`);
  }
}

function familyOf(detector: Detector): string {
  return detector.family ?? detector.id;
}
