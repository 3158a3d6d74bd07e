// Facts about a model from /api/show: its shape, the work of a token, and whether it says it is synthetic.
import { type ModelArchitecture, parseModelArchitecture } from "@ozone/shared/model-architecture";
import { type ModelTensor, weightUse } from "@ozone/shared/model-tensors";

/** What is known of a model beside its name and digest. */
export interface ModelDetails {
  readonly architecture: ModelArchitecture;
  /** Tokens; null when the server does not say. */
  readonly trainedContext: number | null;
  /** Weights read for each generated token, at least. */
  readonly weightBytesPerToken: number;
  /** Parameters multiplied for each prompt token, at least; 0 when unknown. */
  readonly parametersPerPromptToken: number;
  /** The model says of itself that its weights are synthetic. */
  readonly synthetic: boolean;
}

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** A tensor list takes part only if all of it can be read. */
function tensorsOf(value: unknown): ModelTensor[] {
  if (!Array.isArray(value)) return [];
  const tensors = value.map(fieldsOf).filter(isTensor);
  return tensors.length === value.length ? tensors : [];
}

const isTensor = (value: Fields): value is Fields & ModelTensor =>
  typeof value.name === "string" &&
  typeof value.type === "string" &&
  Array.isArray(value.shape) &&
  value.shape.every((length) => typeof length === "number" && Number.isSafeInteger(length) && length >= 0);

/**
 * Embeddings are looked up, not read, and are up to half of a small model: without a list of tensors a token reads
 * half of the file at least.
 */
const READ_SHARE = 0.5;

/** Reads an answer of /api/show. Never throws; what is missing is null, zero or empty. */
export function modelDetailsOf(shown: unknown, model: { family: string; sizeBytes: number }): ModelDetails {
  const modelInfo = fieldsOf(fieldsOf(shown).model_info);
  const tensors = tensorsOf(fieldsOf(shown).tensors);
  const architecture = parseModelArchitecture({ modelInfo, tensors });
  const { experts, predictLayers } = architecture;
  const use = weightUse(tensors, { experts, predictLayers });
  const active = experts === null ? 1 : experts.used / experts.count;
  return {
    architecture,
    trainedContext: architecture.trainedContext,
    weightBytesPerToken: use.bytesPerToken > 0 ? use.bytesPerToken : READ_SHARE * active * model.sizeBytes,
    parametersPerPromptToken: use.parametersPerPromptToken,
    synthetic: isSynthetic(model.family, modelInfo),
  };
}

/**
 * The file of a model's weights, as the Modelfile in an answer of /api/show names it; null when it does not. Tags of
 * one file share a runner: using one of them unloads or takes over the others.
 */
export function weightsOf(shown: unknown): string | null {
  const { modelfile } = fieldsOf(shown);
  return typeof modelfile === "string"
    ? (/^FROM .*(sha256-[0-9a-f]{64})\s*$/m.exec(modelfile)?.[1] ?? null)
    : null;
}

const isSynthetic = (family: string, modelInfo: Fields): boolean =>
  family === "ozone-synthetic" ||
  Object.keys(modelInfo).some((key) => key === "ozone.synthetic" || key.startsWith("ozone.synthetic."));
