// Every time-out, size and count that more than one room must agree on, with its why.

/** A lease holds this long without a heartbeat: long enough for a paused laptop's hiccup, short against a trial. */
export const LEASE_MS = 30_000;

/** Heartbeats come at a third of the lease, so that two may be lost. */
export const HEARTBEATS_PER_LEASE = 3;

/** A configuration that fails so often is excluded: one crash may be chance, two are not worth a third. */
export const ATTEMPTS_PER_TRIAL = 2;

/** A lease that expired says little about the configuration, so it may be tried more often before it is given up. */
export const LEASES_PER_TRIAL = 12;

/** So long at most a machine works on one attempt, whatever it says: the longest order takes a day and an hour. */
export const ATTEMPT_LIFE_MS_MAX = 48 * 3_600_000;

/** Largest NATS payload we send or read (the server's own default limit). */
export const MESSAGE_BYTES_MAX = 1024 * 1024;

/** Results of one machine that wait in the stream; more are refused, and stay in its outbox. */
export const RESULTS_PER_MACHINE_MAX = 32;

/** A log of `ozone up` above this is set aside, when its program starts and while it runs; one older log is kept. */
export const LOG_BYTES_MAX = 10 * 1024 * 1024;

/** Largest gRPC message; reports are streamed in parts below it. */
export const GRPC_MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** Repetitions of one attempt that may be asked for: far above what the adaptive protocol can reach. */
export const SAMPLES_PER_ATTEMPT_MAX = 64;

/** Samples of one result, every kind and request counted: at about 1.5 KB each they fit a message with room to spare. */
export const SAMPLES_PER_RESULT_MAX = 400;

/** Depths of one attempt: a curve needs few points. */
export const DEPTHS_MAX = 16;

/** Longest run without pauses: beyond a day nobody waits for a benchmark. */
export const SUSTAINED_MS_MAX = 86_400_000;

/** A planned matrix above this is refused: at a minute a trial it would run for months. */
export const TRIALS_PER_SWEEP_MAX = 50_000;

/** Room to leave between prompt + output and num_ctx (ollama-facts, truncation). */
export const CONTEXT_MARGIN_TOKENS = 8;

/** Smallest context that a filled prompt, its output and the margin make sense in. */
export const NUM_CTX_MIN = 256;

/** Above any model known; guards against typing errors. */
export const NUM_CTX_MAX = 16 * 1024 * 1024;
