// A door in front of a server for tests of kills: it lets a number of changes pass and then stalls for ever, before the
// next one reaches the server or after the server did it. Whoever asked then stands where a killed process ended.
import http from "node:http";
import type { AddressInfo } from "node:net";

/** Where the door stalls: at the change of this number (from 0), before or after the server does it. */
export interface Stall {
  readonly change: number;
  readonly when: "before" | "after";
}

/** An open door. */
export interface StallingDoor {
  readonly url: string;
  /** Resolves once it stalls, with the path of the change. */
  readonly stalled: Promise<string>;
  /** Paths of all changes that it saw. */
  readonly changes: readonly string[];
  close(): Promise<void>;
}

const CHANGES: ReadonlySet<string> = new Set(["/api/create", "/api/copy", "/api/delete"]);

/** Opens a door to `target`; without a stall everything passes. */
export async function openDoor(target: string, stall: Stall | null): Promise<StallingDoor> {
  const changes: string[] = [];
  let onStall = (_path: string): void => {};
  const stalled = new Promise<string>((resolve) => {
    onStall = resolve;
  });
  const server = http.createServer((request, response) => {
    const path = request.url ?? "";
    const here = CHANGES.has(path) && changes.push(path) - 1 === stall?.change ? stall.when : null;
    if (here === "before") return onStall(path);
    const { method, headers } = request;
    const passed = http.request(`${target}${path}`, { method, headers, agent: false }, (answer) => {
      if (here === "after") {
        answer.resume();
        answer.on("end", () => onStall(path));
        return;
      }
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stalled,
    changes,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}
