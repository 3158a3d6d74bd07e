// The models and blobs of one scripted server: what is there, what was uploaded, copied, created and deleted.
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { RequestError } from "./request-error.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import { scriptedModel, sha256 } from "./scripted-model.ts";

/** An uploaded blob; its bytes are not kept. */
interface Blob {
  readonly size: number;
  readonly isGguf: boolean;
}

/** The body of /api/create, as far as the script understands it. */
export interface CreateRequest {
  readonly name: string;
  readonly from: string;
  /** File name to digest; null when the request has none. */
  readonly files: Readonly<Record<string, unknown>> | null;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** Models by full name and blobs by digest. */
export class ModelStore {
  readonly #models = new Map<string, ScriptedModel>();
  readonly #blobs = new Map<string, Blob>();
  readonly #pulled = new Map<string, number>();

  constructor(models: readonly ScriptedModel[]) {
    this.replace(models);
  }

  /** All models, in the order in which they came. */
  get models(): readonly ScriptedModel[] {
    return [...this.#models.values()];
  }

  /** Forgets all models and takes these. */
  replace(models: readonly ScriptedModel[]): void {
    this.#models.clear();
    for (const model of models) this.#models.set(model.name, model);
  }

  /** The model of that name; a missing tag means latest, case does not matter. */
  find(name: string): ScriptedModel | undefined {
    const wanted = fullName(name).toLowerCase();
    return this.models.find((model) => model.name.toLowerCase() === wanted);
  }

  /** Adds a model under its own name. */
  add(model: ScriptedModel): void {
    this.#models.set(model.name, model);
  }

  /** Bytes of a blob that a pull has brought so far. */
  pulledBytes(digest: string): number {
    return this.hasBlob(digest) ? Number.POSITIVE_INFINITY : (this.#pulled.get(digest) ?? 0);
  }

  /** Keeps what a pull has brought, also when it is cut. */
  keepPulled(digest: string, bytes: number): void {
    this.#pulled.set(digest, bytes);
  }

  /** Removes a model; false when there is none. */
  delete(name: string): boolean {
    const model = this.find(name);
    return model !== undefined && this.#models.delete(model.name);
  }

  /** Gives a model a second name. @throws RequestError 404 when it does not exist. */
  copy(source: string, destination: string): void {
    const model = this.find(source);
    if (model === undefined) throw new RequestError(404, `model "${source}" not found`);
    this.#models.set(fullName(destination), { ...model, name: fullName(destination) });
  }

  /** Whether a blob is there: uploaded, or the weights of a model. */
  hasBlob(digest: string): boolean {
    return this.#blobs.has(digest) || this.models.some((model) => model.blob === digest);
  }

  /** Reads an upload and keeps its size. @throws RequestError 400 when the digest is another. */
  async addBlob(digest: string, body: Readable): Promise<void> {
    const hash = createHash("sha256");
    let size = 0;
    let start = Buffer.alloc(0);
    for await (const piece of body) {
      const bytes = Buffer.from(piece);
      hash.update(bytes);
      size += bytes.length;
      if (start.length < 4) start = Buffer.concat([start, bytes.subarray(0, 4)]);
    }
    const actual = `sha256:${hash.digest("hex")}`;
    if (actual !== digest) {
      throw new RequestError(400, `digest mismatch, expected "${digest}", got "${actual}"`);
    }
    this.#blobs.set(digest, { size, isGguf: start.subarray(0, 4).toString("latin1") === "GGUF" });
  }

  /**
   * Makes a model from another one or from uploaded files. Weights that came as a blob get the shape of the default model:
   * the script does not read GGUF.
   * @throws RequestError 400 with Ollama's texts.
   */
  create(request: CreateRequest): ScriptedModel {
    const base = request.from === "" ? this.#fromFiles(request) : this.find(request.from);
    if (base === undefined) throw new RequestError(500, `pull model manifest: file does not exist`);
    const name = fullName(request.name);
    const parameters = { ...base.parameters, ...request.parameters };
    const model: ScriptedModel = {
      ...base,
      name,
      parameters,
      digest: sha256(`manifest ${base.blob} ${JSON.stringify(parameters)}`),
      modifiedAt: new Date().toISOString(),
    };
    this.#models.set(name, model);
    return model;
  }

  #fromFiles({ name, files }: CreateRequest): ScriptedModel {
    if (files === null) throw new RequestError(400, "neither 'from' or 'files' was specified");
    const [path, digest] = Object.entries(files)[0] ?? [];
    if (path === undefined) throw new RequestError(400, "no files provided to convert");
    if (path.startsWith("/") || path.includes(".."))
      throw new RequestError(400, "file path must be relative");
    if (typeof digest !== "string" || digest === "") throw new RequestError(400, "invalid digest format");
    const blob = this.#blobs.get(digest);
    if (blob === undefined)
      throw new RequestError(500, `open blobs/${digest.replace(":", "-")}: no such file or directory`);
    if (!blob.isGguf) throw new RequestError(400, "supplied file was not in GGUF format");
    return { ...scriptedModel(fullName(name)), blob: digest, size: blob.size };
  }
}

function fullName(name: string): string {
  return name.includes(":") ? name : `${name}:latest`;
}
