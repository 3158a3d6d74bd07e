// A disk of its own for one agent that outlives the agent: a process that does nothing holds the mount, agents are started
// inside, and the harness looks in from outside. As root only.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { fillDisk, makeRoom } from "../../setup/small-disk.ts";

const SIZE_KB = 16 * 1024;
/** It ends by itself when nobody ends it. */
const HELD_SECONDS = 3_600;

/** The disk at `folder`. */
export class SmallDisk {
  readonly #holder: ChildProcess;
  readonly #folder: string;

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
  }

  static async mount(folder: string): Promise<SmallDisk> {
    mkdirSync(folder, { recursive: true });
    const script =
      'mount -t tmpfs -o "size=$1k,mode=755" ozone-schedule "$0" && echo mounted && exec sleep "$2"';
    const words = ["-m", "sh", "-c", script, folder, String(SIZE_KB), String(HELD_SECONDS)];
    const holder = spawn("unshare", words, { stdio: ["ignore", "pipe", "inherit"] });
    const said = once(createInterface({ input: holder.stdout }), "line");
    const ended = once(holder, "exit").then(([code]) => {
      throw new Error(`the small disk could not be mounted: unshare ended with ${code}`);
    });
    await Promise.race([said, ended]);
    ended.catch(() => undefined);
    return new SmallDisk(holder, folder);
  }

  get #pid(): number {
    return this.#holder.pid ?? -1;
  }

  /** Runs a program where the disk is. */
  get wrapper(): [string, ...string[]] {
    return ["nsenter", "-t", String(this.#pid), "-m", "--"];
  }

  /** The folder as seen from outside. */
  get seenFromOutside(): string {
    return `/proc/${this.#pid}/root${this.#folder}`;
  }

  fill(): void {
    fillDisk(this.#pid, this.#folder);
  }

  makeRoom(): void {
    makeRoom(this.#pid, this.#folder);
  }

  async unmount(): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    const gone = once(this.#holder, "exit");
    this.#holder.kill("SIGKILL");
    await gone;
  }
}
