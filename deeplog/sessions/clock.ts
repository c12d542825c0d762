/** Adds up the time between laps by name; costs nothing when it is off. */
export class Clock {
  readonly seconds: Record<string, number> = {};
  private last = 0;

  constructor(private readonly on: boolean) {}

  get total(): number {
    return Object.values(this.seconds).reduce((a, b) => a + b, 0);
  }

  start(): void {
    if (this.on) this.last = performance.now();
  }

  set(name: string, seconds: number): void {
    if (this.on) this.seconds[name] = seconds;
  }

  lap(name: string): void {
    if (!this.on) return;
    const now = performance.now();
    this.seconds[name] = (this.seconds[name] ?? 0) + (now - this.last) / 1000;
    this.last = now;
  }
}
