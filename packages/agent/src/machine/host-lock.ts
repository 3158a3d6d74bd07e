// One benchmark per host: agents of one host share this lock. The holder listens on an endpoint that only one process
// can have; waiters connect to it and are told by the end of their connection that it is free. The kernel does that
// when the holder is killed, so that no lock is ever left behind. A holder that hangs can't be told from a busy one.
import net from "node:net";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { abortableDelay } from "./abortable-delay.ts";
import { type Endpoint, endpointOf, tryListen } from "./host-lock-endpoint.ts";

/** The lock in hand. */
export type HostLock = {
  /** Lets the next one go; may be called more than once. */
  release(): Promise<void>;
};

/** Options of `acquireHostLock`. */
export type HostLockOptions = {
  signal?: AbortSignal;
  /** Called once, when somebody else has the lock. */
  onWait?: () => void;
  /** Tests use a lock of their own. */
  name?: string;
  /** Where the lock lives; by default as this system has it. */
  endpoint?: Endpoint;
};

const DEFAULT_NAME = "ozone-host-lock";

/** Who released while others waited takes no part until they have all queued up again. */
const REST_MS = 250;

/** Waiters are let go one after the other in the order of their coming, so that they stay in this order. */
const STAGGER_MS = 20;

const restingUntilMs = new Map<string, number>();

/**
 * Waits for the lock and takes it.
 * @throws the signal's reason when it aborts; OzoneError `unavailable` when the system does not allow the lock
 */
export async function acquireHostLock(options: HostLockOptions = {}): Promise<HostLock> {
  const { signal } = options;
  const endpoint = options.endpoint ?? endpointOf(options.name ?? DEFAULT_NAME);
  await rest(endpoint, signal);
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    const waiters = new Set<net.Socket>();
    const server = await tryListen(endpoint, (socket) => admit(socket, waiters));
    if (server !== null) return hold(server, waiters, endpoint);
    if (attempt === 0) options.onWait?.();
    const start = performance.now();
    await untilHolderGoes(endpoint, signal);
    // Short waits in a row mean that somebody accepts and hangs up: then back off instead of spinning.
    const hurried = performance.now() - start < 100;
    const pauseMs = hurried ? Math.min(1000, 5 * 2 ** Math.min(attempt, 8)) : 5;
    await abortableDelay(Math.random() * pauseMs, signal);
  }
}

/** Keeps a waiter's connection until it ends. */
function admit(socket: net.Socket, waiters: Set<net.Socket>): void {
  socket.unref();
  waiters.add(socket);
  socket.on("error", () => {}); // a waiter that was killed; "close" follows
  socket.on("close", () => waiters.delete(socket));
  socket.resume(); // reading is how its end is noticed
}

function hold(server: net.Server, waiters: ReadonlySet<net.Socket>, endpoint: Endpoint): HostLock {
  server.unref(); // a forgotten lock must not keep its process alive
  let released = false;
  return {
    async release() {
      if (released) return;
      released = true;
      const restMs = waiters.size === 0 ? 0 : REST_MS + waiters.size * STAGGER_MS;
      restingUntilMs.set(endpoint.path, performance.now() + restMs);
      server.close(); // frees the endpoint at once; connections end below
      let position = 0;
      for (const socket of waiters) {
        if (position === 0) socket.destroy();
        else setTimeout(() => socket.destroy(), position * STAGGER_MS).unref();
        position += 1;
      }
    },
  };
}

/** Lets those who waited go first. */
async function rest(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<void> {
  const leftMs = (restingUntilMs.get(endpoint.path) ?? 0) - performance.now();
  if (leftMs > 0) await abortableDelay(leftMs, signal);
}

/** Connects to the holder and resolves when the connection ends, or at once when nobody is there. */
function untilHolderGoes(endpoint: Endpoint, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path: endpoint.path });
    const onAbort = () => {
      socket.destroy();
      reject(signal?.reason);
    };
    if (signal?.aborted) return onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.on("error", (error) => {
      const code = systemCodeOf(error);
      if (code === "EACCES" || code === "EPERM") {
        const sentence =
          "The host lock is held by another user, and this one may not wait for it; run both agents as one user.";
        reject(new OzoneError("unavailable", sentence, { cause: error }));
      } // anything else (refused, reset, gone): the holder went, and "close" follows
    });
    socket.on("close", () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    socket.resume();
  });
}
