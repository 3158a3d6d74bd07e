// What Ozone pulled on this machine, on disk, flushed: only what stands here may Ozone ever remove. A model is written down
// once it is there whole; one that a crash left unwritten counts as its owner's.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";
import type { InstalledModel } from "../ollama/engine-state.ts";
import { sameModel } from "../ollama/engine-state.ts";
import { writeDurably } from "../outbox/durable-file.ts";
import type { PulledModel } from "./make-room.ts";

const FILE = "pulled-models.json";

function entryOf(value: unknown): PulledModel[] {
  const { model, digest, sizeBytes, usedAtMs } = (value ?? {}) as Record<string, unknown>;
  if (typeof model !== "string" || typeof digest !== "string" || digest === "") return [];
  if (typeof sizeBytes !== "number" || typeof usedAtMs !== "number") return [];
  return [{ model, digest, sizeBytes, usedAtMs }];
}

/** The record. */
export class PulledModels {
  readonly #folder: string;
  #models: readonly PulledModel[];

  private constructor(folder: string, models: readonly PulledModel[]) {
    this.#folder = folder;
    this.#models = models;
  }

  /** Reads it. A damaged record is reported and counts as empty: nothing is removed for it. */
  static async open(folder: string, report: (problem: string) => void): Promise<PulledModels> {
    const text = await readFile(join(folder, FILE), "utf8").catch((thrown: unknown) => {
      if (systemCodeOf(thrown) === "ENOENT") return "[]";
      throw thrown;
    });
    try {
      const parsed: unknown = JSON.parse(text);
      return new PulledModels(folder, Array.isArray(parsed) ? parsed.flatMap(entryOf) : []);
    } catch {
      report(
        `${join(folder, FILE)} is damaged: the models that Ozone pulled count as the machine's own now.`,
      );
      return new PulledModels(folder, []);
    }
  }

  get models(): readonly PulledModel[] {
    return this.#models;
  }

  /** Notes a model that is there now. @throws the system's error */
  async add(model: PulledModel): Promise<void> {
    await this.#write([...this.#models.filter((one) => !sameModel(one.model, model.model)), model]);
  }

  /** Notes that a model is gone. @throws the system's error */
  async forget(model: string): Promise<void> {
    await this.#write(this.#models.filter((one) => !sameModel(one.model, model)));
  }

  /** Notes that a trial runs on a model; any other model than Ozone's is nothing to it. @throws the system's error */
  async used(model: string, nowMs: number): Promise<void> {
    if (!this.#models.some((one) => sameModel(one.model, model))) return;
    await this.#write(
      this.#models.map((one) => (sameModel(one.model, model) ? { ...one, usedAtMs: nowMs } : one)),
    );
  }

  /** What is no longer there as Ozone pulled it is its owner's, who removed it or pulled it anew. @throws the system's error */
  async compare(installed: readonly InstalledModel[]): Promise<void> {
    const kept = this.#models.filter(({ model, digest }) =>
      installed.some((one) => sameModel(one.name, model) && one.digest === digest),
    );
    if (kept.length < this.#models.length) await this.#write(kept);
  }

  async #write(models: readonly PulledModel[]): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await writeDurably(join(this.#folder, FILE), Buffer.from(`${JSON.stringify(models, null, 2)}\n`));
    this.#models = models;
  }
}
