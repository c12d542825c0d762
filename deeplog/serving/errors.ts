/** What a client is told when a request cannot be answered: a status, a code that stays the same, one sentence, and what to do. */
export class ServiceError extends Error {
  override name = 'ServiceError';

  constructor(readonly status: number, readonly code: string, message: string, readonly fix: string) {
    super(message);
  }

  toJSON(): { error: { code: string; message: string; fix: string } } {
    return { error: { code: this.code, message: this.message, fix: this.fix } };
  }
}

/** Nothing of an unexpected error leaves the process: its text may hold paths. The log has it, under the request's id. */
export function internalError(requestId: string): ServiceError {
  return new ServiceError(500, 'internal', 'The request failed for a reason of our own.', `Look for request ${requestId} in the service's log.`);
}
