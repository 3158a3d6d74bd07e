// Which names exist and which file, parameters and system text stand behind each. One small JSON file per name.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { GgufError, type GgufHeader, readGgufHeader } from "../gguf/read.ts";
import { type BlobDigest, BlobStore, parseDigest } from "./blob-store.ts";
import type { ModelName } from "./model-name.ts";

/** What a name stands for. */
export interface Manifest {
  readonly blob: BlobDigest;
  /** Options that hold unless a request says otherwise. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly system: string;
}

/** A model as the API knows it. */
export interface StoredModel extends Manifest {
  readonly name: ModelName;
  /** "sha256:" and the hex digest of the manifest: copies have the same, changed parameters another. */
  readonly digest: string;
  readonly modifiedAt: Date;
  readonly path: string;
  readonly header: GgufHeader;
}

/** The models of one data directory. */
export class ModelStore {
  readonly blobs: BlobStore;
  #directory: string;
  #headers = new Map<BlobDigest, GgufHeader>();

  constructor(dataDir: string) {
    this.blobs = new BlobStore(dataDir);
    this.#directory = join(dataDir, "manifests");
    mkdirSync(this.#directory, { recursive: true });
  }

  /** The model of this name, in any case of letters; undefined if there is none or its file is gone. */
  find(name: ModelName): StoredModel | undefined {
    const wanted = fileNameOf(name).toLowerCase();
    const file = this.#files().find((entry) => entry.toLowerCase() === wanted);
    return file === undefined ? undefined : this.#read(file);
  }

  /** All models, the newest first. */
  list(): StoredModel[] {
    return this.#files()
      .map((file) => this.#read(file))
      .filter((model) => model !== undefined)
      .sort((left, right) => right.modifiedAt.getTime() - left.modifiedAt.getTime());
  }

  /** Sets what a name stands for, in one step. */
  save(name: ModelName, manifest: Manifest): void {
    const existing = this.find(name);
    const file = join(this.#directory, fileNameOf(existing?.name ?? name));
    const temporary = `${file}.${process.pid}`;
    writeFileSync(temporary, canonicalJson(manifest));
    renameSync(temporary, file);
    if (existing && existing.blob !== manifest.blob) this.#removeUnused(existing.blob);
  }

  /** Removes the name, and the file if no other name needs it. False if there was no such name. */
  remove(name: ModelName): boolean {
    const model = this.find(name);
    if (model === undefined) return false;
    rmSync(join(this.#directory, fileNameOf(model.name)));
    this.#removeUnused(model.blob);
    return true;
  }

  #removeUnused(blob: BlobDigest): void {
    if (this.list().some((model) => model.blob === blob)) return;
    this.blobs.remove(blob);
    this.#headers.delete(blob);
  }

  #files(): string[] {
    return readdirSync(this.#directory).filter((file) => file.endsWith(".json"));
  }

  #read(file: string): StoredModel | undefined {
    const path = join(this.#directory, file);
    const manifest = readManifest(path);
    const header = manifest && this.#headerOf(manifest.blob);
    if (manifest === undefined || header === undefined) return undefined;
    return {
      ...manifest,
      name: decodeURIComponent(file.slice(0, -".json".length)) as ModelName,
      digest: `sha256:${createHash("sha256").update(canonicalJson(manifest)).digest("hex")}`,
      modifiedAt: statSync(path).mtime,
      path: this.blobs.pathOf(manifest.blob),
      header,
    };
  }

  /** The header of a file; undefined if the file is missing or damaged, which makes its models absent. */
  #headerOf(blob: BlobDigest): GgufHeader | undefined {
    if (!this.blobs.has(blob)) return undefined;
    const known = this.#headers.get(blob);
    if (known !== undefined) return known;
    try {
      const header = readGgufHeader(this.blobs.pathOf(blob));
      this.#headers.set(blob, header);
      return header;
    } catch (error) {
      if (error instanceof GgufError) return undefined;
      throw error;
    }
  }
}

function fileNameOf(name: ModelName): string {
  return `${encodeURIComponent(name)}.json`;
}

/** The same manifest always gives the same text. */
function canonicalJson({ blob, parameters, system }: Manifest): string {
  const sorted = Object.fromEntries(
    Object.entries(parameters).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
  return JSON.stringify({ blob, parameters: sorted, system });
}

/** A manifest that cannot be read counts as absent: it was not written by this store, which renames complete files. */
function readManifest(path: string): Manifest | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    const { blob, parameters, system } = value as Record<string, unknown>;
    const digest = typeof blob === "string" ? parseDigest(blob) : undefined;
    if (digest === undefined || typeof parameters !== "object" || parameters === null) return undefined;
    return { blob: digest, parameters: { ...parameters }, system: typeof system === "string" ? system : "" };
  } catch {
    // Damaged or just removed by somebody else.
    return undefined;
  }
}
