// The agents' disks, in memory: the calls of node:fs/promises that outbox and journal make, for paths below /simulated.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import type { VirtualClock } from "./clock.ts";

/** Paths of simulated disks begin so. */
export const DISK_ROOT = "/simulated/";

const failure = (code: string, path: string) => Object.assign(new Error(`${code}: ${path}`), { code });

/** All disks of a schedule. */
export class SimulatedDisk {
  readonly files = new Map<string, Buffer>();
  /** Folders that take nothing more. */
  readonly full = new Set<string>();

  /** A disk that is full takes the first half: what was being written is torn. */
  #append(path: string, content: Uint8Array): void {
    const isFull = [...this.full].some((folder) => path.startsWith(folder));
    const taken = isFull ? content.subarray(0, content.length / 2) : content;
    this.files.set(path, Buffer.concat([this.files.get(path) ?? Buffer.alloc(0), Buffer.from(taken)]));
    if (isFull) throw failure("ENOSPC", path);
  }

  #read(path: string): Buffer {
    const found = this.files.get(path);
    if (!found) throw failure("ENOENT", path);
    return found;
  }

  #calls(clock: VirtualClock) {
    return {
      mkdir: async () => undefined,
      readdir: async (folder: string) =>
        [...this.files.keys()]
          .filter((path) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes("/"))
          .map((path) => path.slice(folder.length + 1)),
      readFile: async (path: string, encoding?: string) =>
        encoding ? this.#read(path).toString("utf8") : this.#read(path),
      rename: async (from: string, to: string) => {
        this.files.set(to, this.#read(from));
        this.files.delete(from);
      },
      rm: async (path: string) => void this.files.delete(path),
      stat: async (path: string) => ({ size: this.#read(path).length }),
      open: async (path: string, flags: string) => {
        if (flags === "w") this.files.delete(path);
        return {
          writeFile: (content: Uint8Array | string) =>
            clock.call(async () => this.#append(path, Buffer.from(content as string))),
          stat: async () => ({ size: this.files.get(path)?.length ?? 0 }),
          read: async (buffer: Buffer, offset: number, length: number, position: number) => {
            this.#read(path).copy(buffer, offset, position, position + length);
            return { buffer };
          },
          sync: async () => undefined,
          close: async () => undefined,
        };
      },
    };
  }

  /** Puts the disks under node:fs/promises. @returns a function that ends it */
  install(clock: VirtualClock): () => void {
    const target = fs.promises as unknown as Record<string, unknown>;
    const before = { ...target };
    for (const [name, call] of Object.entries(this.#calls(clock))) {
      const real = before[name] as (...of: unknown[]) => Promise<unknown>;
      const simulated = call as (...of: unknown[]) => Promise<unknown>;
      target[name] = (...of: unknown[]) =>
        String(of[0]).startsWith(DISK_ROOT) ? clock.call(() => simulated(...of)) : real(...of);
    }
    syncBuiltinESMExports();
    return () => {
      Object.assign(target, before);
      syncBuiltinESMExports();
    };
  }
}
