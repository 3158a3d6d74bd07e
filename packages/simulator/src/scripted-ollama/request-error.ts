// A request that ends with an HTTP error instead of an answer.

/** An error answer: `{"error": message}` with a status, as every Ollama error. */
export class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "RequestError";
    this.status = status;
  }
}
