// The program of one bandwidth worker, as plain JavaScript text: a worker made from text runs alike from source, under
// a test runner and inside a bundle, where a worker made from a file would have to be found first.

/** How a worker reads memory. */
export const READ_METHODS = ["memchr", "memcmp", "stride"] as const;

/** memchr and memcmp: native code behind Buffer.indexOf and Buffer.compare; stride: one load per cache line. */
export type ReadMethod = (typeof READ_METHODS)[number];

/** From the probe: read `spanBytes` of your memory over and over for `windowMs`. */
export type ReadOrder = { method: ReadMethod; windowMs: number; spanBytes: number };

/** From a worker: "ready" once its memory is there, then one of these for each order. */
export type ReadDone = { bytes: number; elapsedMs: number };

/**
 * Takes `workerData.bytes`. Its memory is filled first: pages never written all share one page of zeros, and reading
 * those would measure a cache. It is read in pieces of 4 MiB, so that a window ends on time on slow machines too.
 * `Buffer.alloc` fills on purpose with a byte that indexOf never finds.
 */
export const BANDWIDTH_WORKER = `
const { parentPort, workerData } = require("node:worker_threads");
const memory = Buffer.alloc(workerData.bytes, 1);
const doubles = new Float64Array(memory.buffer, memory.byteOffset, memory.length / 8);
const half = memory.length / 2;
let sink = 0;

const readers = {
  memchr(from, to) { sink += memory.subarray(from, to).indexOf(2); },
  memcmp(from, to) {
    const length = (to - from) / 2;
    sink += memory.compare(memory, half + from / 2, half + from / 2 + length, from / 2, from / 2 + length);
  },
  stride(from, to) {
    let a = 0, b = 0;
    for (let i = from / 8; i < to / 8; i += 16) { a += doubles[i]; b += doubles[i + 8]; }
    sink += a + b;
  },
};

parentPort.on("message", ({ method, windowMs, spanBytes }) => {
  const read = readers[method];
  const piece = Math.min(4 * 1024 * 1024, spanBytes);
  const start = performance.now();
  let bytes = 0, from = 0, elapsedMs = 0;
  do {
    if (from + piece > spanBytes) from = 0;
    read(from, from + piece);
    bytes += piece;
    from += piece;
    elapsedMs = performance.now() - start;
  } while (elapsedMs < windowMs);
  parentPort.postMessage({ bytes, elapsedMs, sink });
});
parentPort.postMessage("ready");
`;
