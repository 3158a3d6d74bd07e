// Making, copying and deleting models: POST /api/create, POST /api/copy, DELETE /api/delete, HEAD and POST /api/blobs.
import { readGgufHeader } from "../gguf/read.ts";
import { type BlobDigest, parseDigest } from "../models/blob-store.ts";
import { parseModelName } from "../models/model-name.ts";
import type { Manifest, ModelStore } from "../models/model-store.ts";
import { defaultOptions, OptionError, parseOptions } from "../options/parse-options.ts";
import { ApiError } from "./api-error.ts";
import type { Exchange, JsonObject } from "./exchange.ts";
import {
  booleanField,
  objectField,
  requestedModel,
  textField,
  validModelName,
  writtenModelName,
} from "./fields.ts";
import type { Handler } from "./services.ts";

/** The largest file that an upload may bring. */
const blobBytesMax = 2 ** 40;

/** Answers /api/create: from an uploaded file, or from an existing model, with parameters and system text. */
export const create: Handler = async (exchange, { store }) => {
  const body = await exchange.json();
  const name = validModelName(writtenModelName(body));
  const manifest = manifestFor(body, store);
  store.save(name, manifest);
  if (booleanField(body, "stream") === false) {
    exchange.reply(200, { status: "success" });
    return;
  }
  for (const status of [`using existing layer ${manifest.blob}`, "writing manifest", "success"])
    exchange.line({ status });
  exchange.end();
};

/** Answers /api/copy. */
export const copy: Handler = async (exchange, { store }) => {
  const body = await exchange.json();
  const source = nameIn(body, "source");
  const destination = nameIn(body, "destination");
  const model = store.find(source);
  if (model === undefined)
    throw new ApiError(404, `model ${JSON.stringify(textField(body, "source"))} not found`);
  store.save(destination, model);
  exchange.replyEmpty(200);
};

/** Answers /api/delete. */
export const remove: Handler = async (exchange, { store }) => {
  const model = requestedModel(await exchange.json(), store);
  store.remove(model.name);
  exchange.replyEmpty(200);
};

/** Answers HEAD /api/blobs/:digest. */
export const headBlob: Handler = (exchange, { store }) => {
  const digest = digestIn(exchange);
  if (!store.blobs.has(digest))
    throw new ApiError(404, `blob ${JSON.stringify(exchange.parameter)} not found`);
  exchange.replyEmpty(200);
};

/** Answers POST /api/blobs/:digest. */
export const uploadBlob: Handler = async (exchange, { store }) => {
  const digest = digestIn(exchange);
  if (store.blobs.has(digest)) {
    exchange.replyEmpty(200);
    return;
  }
  const source = exchange.request as AsyncIterable<Uint8Array>;
  await store.blobs.receive(source, { digest, bytesMax: blobBytesMax });
  exchange.replyEmpty(201);
};

function digestIn(exchange: Exchange): BlobDigest {
  const digest = parseDigest(exchange.parameter);
  if (digest === undefined) throw new ApiError(400, "invalid digest format");
  return digest;
}

function nameIn(body: JsonObject, field: string): ReturnType<typeof validModelName> {
  const text = textField(body, field);
  const name = parseModelName(text);
  if (name === undefined) throw new ApiError(400, `${field} ${JSON.stringify(text)} is invalid`);
  return name;
}

function manifestFor(body: JsonObject, store: ModelStore): Manifest {
  const parameters = objectField(body, "parameters");
  checkParameters(parameters);
  const system = textField(body, "system");
  if (textField(body, "from") !== "") {
    const base = requestedModel({ model: body.from }, store);
    return {
      blob: base.blob,
      parameters: { ...base.parameters, ...parameters },
      system: system || base.system,
    };
  }
  if (body.files === undefined || body.files === null) {
    throw new ApiError(400, "neither 'from' or 'files' was specified");
  }
  return { blob: uploadedFile(objectField(body, "files"), store), parameters, system };
}

/** Wrong types are found now instead of at the first request. Unknown names stay and are reported at each use. */
function checkParameters(parameters: JsonObject): void {
  try {
    parseOptions(defaultOptions(0), parameters);
  } catch (error) {
    throw error instanceof OptionError ? new ApiError(400, error.message) : error;
  }
}

function uploadedFile(files: JsonObject, store: ModelStore): BlobDigest {
  const entries = Object.entries(files);
  for (const [path] of entries) {
    if (path.startsWith("/") || path.split(/[\\/]/).includes(".."))
      throw new ApiError(400, "file path must be relative");
  }
  const [entry, ...others] = entries;
  if (entry === undefined) throw new ApiError(400, "no files provided to convert");
  if (others.length > 0) throw new ApiError(400, "this engine makes models from exactly one GGUF file");
  const digest = typeof entry[1] === "string" ? parseDigest(entry[1]) : undefined;
  if (digest === undefined) throw new ApiError(400, "invalid digest format");
  if (!store.blobs.has(digest))
    throw new ApiError(400, `blob ${JSON.stringify(digest)} not found: upload it first`);
  readGgufHeader(store.blobs.pathOf(digest));
  return digest;
}
