// Where the host lock lives. Each system has one kind of endpoint that only one process can listen on and that its
// kernel frees when that process dies: an abstract socket on Linux, a named pipe on Windows. macOS has neither, and
// gets a socket file, whose left-over after a crash must be cleared away with care.

import { open, readFile, rm, stat } from "node:fs/promises";
import net from "node:net";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { onPlatform } from "@ozone/shared/platform";

/** Kind of endpoint; "file" works on every Unix. */
export type EndpointKind = "abstract" | "pipe" | "file";

/** One place to listen on. */
export type Endpoint = { kind: EndpointKind; path: string };

type OnConnection = (socket: net.Socket) => void;

/** A claim is held for some milliseconds; one this old was left by a process that crashed in between. */
const CLAIM_MAX_AGE_MS = 10_000;

/** The endpoint of a lock on this system. Abstract sockets belong to a network namespace, so to one container. */
export function endpointOf(name: string, platform: string = process.platform): Endpoint {
  const file: Endpoint = { kind: "file", path: `/tmp/${name}.sock` }; // the same for all users, so not os.tmpdir()
  return onPlatform<Endpoint>(platform, {
    linux: { kind: "abstract", path: `\0${name}` },
    windows: { kind: "pipe", path: `\\\\.\\pipe\\${name}` },
    macos: file,
    other: file,
  });
}

/**
 * Tries to become the one listener.
 * @param onConnection sees every connection, from the first on: one missed would wait for ever
 * @returns null when somebody else is
 * @throws OzoneError `unavailable` when the system does not allow it
 */
export async function tryListen(endpoint: Endpoint, onConnection: OnConnection): Promise<net.Server | null> {
  const { kind, path } = endpoint;
  try {
    return kind === "file" ? await listenOnFile(path, onConnection) : await listen(path, onConnection);
  } catch (thrown) {
    if (systemCodeOf(thrown) === "EADDRINUSE") return null;
    const place = path.replace("\0", "@");
    const sentence = `The host lock ${place} can't be taken, so another benchmark could run at the same time; allow this user to listen there.`;
    throw new OzoneError("unavailable", sentence, { cause: thrown });
  }
}

function listen(path: string, onConnection: OnConnection): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer(onConnection);
    server.once("error", reject);
    // Agents of other users wait as well. Node refuses these two for abstract sockets, which have no permissions.
    const everyone = path.startsWith("\0") ? {} : { readableAll: true, writableAll: true };
    server.listen({ path, exclusive: true, ...everyone }, () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

/**
 * A socket file stays behind when its process is killed. Whoever holds the claim (a file created exclusively) may
 * remove one that nobody answers on, and listens before giving the claim back: so nobody ever sees a socket that is
 * bound and not listening yet, and no live one is removed.
 */
async function listenOnFile(path: string, onConnection: OnConnection): Promise<net.Server | null> {
  const claim = `${path}.claim`;
  if (!(await takeClaim(claim))) return null;
  try {
    if (await isAnswered(path)) return null;
    await rm(path, { force: true });
    return await listen(path, onConnection);
  } finally {
    await rm(claim, { force: true });
  }
}

async function takeClaim(claim: string): Promise<boolean> {
  try {
    const file = await open(claim, "wx");
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (thrown) {
    if (systemCodeOf(thrown) !== "EEXIST") throw thrown;
    if (await isStale(claim)) await rm(claim, { force: true }); // the next try may take it
    return false;
  }
}

async function isStale(claim: string): Promise<boolean> {
  const found = await stat(claim).catch(() => null); // given back meanwhile
  if (found === null) return false;
  if (Date.now() - found.mtimeMs > CLAIM_MAX_AGE_MS) return true;
  const pid = Number(await readFile(claim, "utf8").catch(() => ""));
  return Number.isInteger(pid) && pid > 0 && !isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCodeOf(thrown) !== "ESRCH"; // EPERM: it lives, as another user
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
