import { DataError } from '../common/index.js';
import { HeaderError, LineTooLongError, RecordTooLongError, wholeLines, type LineChunk } from '../parsing/index.js';
import type { FrozenParse, FrozenParser } from '../sessions/index.js';
import { linesOfRecords, objectLines } from './body.js';
import { ServiceError } from './errors.js';

/** A request's log, whichever way it came: as text, or (`ndjson`) a record a line. */
export class RequestLog {
  constructor(private readonly pieces: AsyncIterable<Buffer>, private readonly ndjson: boolean, private readonly maxLineBytes: number) {}

  /**
   * Lines as the model's parser takes them, with their numbers in the request; `see` gets the lines as they came.
   * @throws ServiceError for what cannot be read as a log of this model.
   */
  async *lines(parser: FrozenParser, parse: FrozenParse, see?: (chunk: LineChunk) => void): AsyncGenerator<LineChunk> {
    const { maxLineBytes, ndjson } = this;
    const asCame = (): AsyncGenerator<LineChunk> => this.asCame(parser.input !== 'lines', () => parse.counts.lines, see);
    try {
      yield* parser.records(asCame, ndjson, maxLineBytes);
    } catch (error) {
      if (error instanceof HeaderError) throw new ServiceError(422, 'wrong_columns', `The first line names the columns ${error.named.join(', ')}, but not ${error.missing.join(', ')}, which this model reads.`, 'Send the header of the table that the model was trained on, in any order, or records without a header in its order.');
      if (error instanceof RecordTooLongError) throw lineTooLong(parse.counts.lines, maxLineBytes);
      if (error instanceof DataError) throw new ServiceError(400, 'bad_csv', `After ${parse.counts.lines} records comes broken CSV.`, 'Quote values that hold commas, quotes or line breaks, and double the quotes inside; or send JSON objects as application/x-ndjson.');
      throw error;
    }
  }

  /** The request's own lines, in chunks. */
  private async *asCame(records: boolean, read: () => number, see?: (chunk: LineChunk) => void): AsyncGenerator<LineChunk> {
    const { pieces, ndjson, maxLineBytes } = this;
    const text = !ndjson ? pieces : records ? objectLines(pieces, maxLineBytes) : linesOfRecords(pieces, maxLineBytes);
    try {
      for await (const chunk of wholeLines(text, 'the request body', maxLineBytes)) {
        see?.(chunk);
        yield chunk;
      }
    } catch (error) {
      if (error instanceof LineTooLongError) throw lineTooLong(read(), maxLineBytes);
      if (error instanceof DataError) throw new ServiceError(415, 'unreadable_text', 'The request body is UTF-16 or zstd-compressed.', 'Send plain UTF-8 text, as it is or with Content-Encoding: gzip.');
      throw error;
    }
  }
}

function lineTooLong(read: number, maxLineBytes: number): ServiceError {
  return new ServiceError(413, 'line_too_long', `A line after line ${read} is longer than ${maxLineBytes} bytes.`, 'Cut or leave out such lines, or start the service with a higher --max_line_kb.');
}
