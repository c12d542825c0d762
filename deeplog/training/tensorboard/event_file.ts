import os from 'node:os';
import path from 'node:path';
import { AppendFile } from '../../artifacts/index.js';
import { fileVersionEvent, startEvent, summaryEvent, type SummaryValue } from './messages.js';
import { frameRecord } from './record.js';

let made = 0;

/** An event file that TensorBoard reads while it grows. */
export class EventFile {
  private readonly file: AppendFile;

  /** Makes `<folder>/events.out.tfevents.…`; a name that no earlier file of the folder has, sorted after it. @throws DataError when it cannot be made */
  constructor(folder: string) {
    const seconds = Math.floor(Date.now() / 1000);
    this.file = new AppendFile(path.join(folder, `events.out.tfevents.${String(seconds).padStart(10, '0')}.${os.hostname()}.${process.pid}.${made++}`));
    this.file.append(frameRecord(fileVersionEvent(Date.now() / 1000)));
  }

  /** @throws DataError when the disk is full */
  add(step: number, ...values: readonly SummaryValue[]): void {
    this.file.append(frameRecord(summaryEvent(Date.now() / 1000, step, values)));
  }

  /** A process begins to write here with this step: what earlier files hold from it on is void. */
  start(step: number): void {
    this.file.append(frameRecord(startEvent(Date.now() / 1000, step)));
  }

  flush(): void {
    this.file.flush();
  }

  close(): void {
    this.file.close();
  }
}
