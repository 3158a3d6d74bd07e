// One server process, spawned by us or left by a coordinator that was killed: start it so that it outlives us and our
// terminal, learn of its end, and end it step by step.
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";
import { birthOf, isAlive, waitUntilGone } from "./process-identity.ts";
import { childEnvironment } from "./run-command.ts";

/** How a server process ended; both null when nobody could know (it was adopted, not our child). */
export interface ServerExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A running server process. It keeps this process's event loop alive until it ends. */
export interface Daemon {
  pid: number;
  /** True when it was already running and was taken over. */
  adopted: boolean;
  /** Resolves once it has ended, expected or not; never rejects. */
  exited: Promise<ServerExit>;
  /** False once it has ended, or once its process id belongs to another process. */
  isRunning(): boolean;
}

export interface DaemonOptions {
  file: string;
  args: readonly string[];
  cwd: string;
  /** stdout and stderr go to the end of this file, so that the death of the coordinator doesn't break the server. */
  logFile: string;
  account: { uid: number; gid: number } | null;
}

const ADOPTED_POLL_MS = 1_000;

/**
 * Starts a server in a process group of its own: a Ctrl-C in the terminal reaches the coordinator only, which then
 * stops its servers in order.
 * @throws Error when the program can't be started.
 */
export async function spawnDaemon(options: DaemonOptions): Promise<Daemon> {
  const log = await open(options.logFile, "a", 0o600);
  try {
    const child = spawn(options.file, options.args, {
      cwd: options.cwd,
      env: childEnvironment(),
      stdio: ["ignore", log.fd, log.fd],
      detached: true,
      windowsHide: true,
      ...(options.account ?? {}),
    });
    let running = true;
    const exited = new Promise<ServerExit>((resolve) => {
      child.once("exit", (code, signal) => {
        running = false;
        resolve({ code, signal });
      });
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once("error", (error) =>
        reject(new Error(`${options.file} can't be started: ${error.message}`, { cause: error })),
      );
      child.once("spawn", () => resolve(child.pid ?? 0));
    });
    return { pid, adopted: false, exited, isRunning: () => running };
  } finally {
    await log.close();
  }
}

/** Takes over a process that is not our child; its end is noticed within a second. */
export function adoptDaemon(pid: number): Daemon {
  const birth = birthOf(pid);
  let resolveExit: (exit: ServerExit) => void = () => undefined;
  const exited = new Promise<ServerExit>((resolve) => {
    resolveExit = resolve;
  });
  const isRunning = (): boolean => {
    if (isAlive(pid) && birthOf(pid) === birth) return true;
    clearInterval(poll);
    resolveExit({ code: null, signal: null });
    return false;
  };
  const poll = setInterval(isRunning, ADOPTED_POLL_MS);
  return { pid, adopted: true, exited, isRunning };
}

/** One step of ending a process: the signal, and how long to wait for the end before the next step. */
export interface EndingStep {
  signal: NodeJS.Signals;
  waitMs: number;
}

/**
 * Ends a server, from the polite signal to the last resort; does nothing when it has ended already.
 * @throws Error when it outlives all steps or can't be signalled.
 */
export async function endDaemon(daemon: Daemon, name: string, steps: readonly EndingStep[]): Promise<void> {
  for (const { signal, waitMs } of steps) {
    if (!daemon.isRunning()) return;
    try {
      process.kill(daemon.pid, signal);
    } catch (error) {
      if (!daemon.isRunning()) return;
      throw new Error(
        `${name} (process ${daemon.pid}) can't be stopped by this user: stop it as its owner.`,
        {
          cause: error,
        },
      );
    }
    if ((await waitUntilGone(daemon.pid, waitMs)) || !daemon.isRunning()) {
      daemon.isRunning(); // An adopted one learns of its end by looking.
      await daemon.exited;
      return;
    }
  }
  throw new Error(
    `${name} (process ${daemon.pid}) still runs after ${steps.map((s) => s.signal).join(", ")}: end it by hand.`,
  );
}
