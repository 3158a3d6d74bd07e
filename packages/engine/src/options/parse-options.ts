// Reads the `options` of a request or of a model's parameters, with Ollama's rules and error texts: unknown names are
// ignored (and reported to the log), null means unset, numbers are cut to integers where an integer is meant.

/** All options that this engine knows, with Ollama's names and meanings. */
export interface Options {
  readonly num_ctx: number;
  readonly num_batch: number;
  readonly num_gpu: number;
  readonly main_gpu: number;
  readonly num_thread: number;
  readonly use_mmap: boolean | undefined;
  readonly num_keep: number;
  readonly num_predict: number;
  readonly seed: number;
  readonly temperature: number;
  readonly top_k: number;
  readonly top_p: number;
  readonly min_p: number;
  readonly typical_p: number;
  readonly repeat_last_n: number;
  readonly repeat_penalty: number;
  readonly presence_penalty: number;
  readonly frequency_penalty: number;
  readonly stop: readonly string[];
}

/** The options in force and the names that mean nothing here. */
export interface OptionsReading {
  readonly options: Options;
  readonly unknownNames: readonly string[];
}

/** A known option has a value of the wrong type; the message is Ollama's. */
export class OptionError extends Error {
  override name = "OptionError";
}

type Kind = "integer" | "float32" | "boolean" | "array";

const kinds: Readonly<Record<keyof Options, Kind>> = {
  num_ctx: "integer",
  num_batch: "integer",
  num_gpu: "integer",
  main_gpu: "integer",
  num_thread: "integer",
  use_mmap: "boolean",
  num_keep: "integer",
  num_predict: "integer",
  seed: "integer",
  temperature: "float32",
  top_k: "integer",
  top_p: "float32",
  min_p: "float32",
  typical_p: "float32",
  repeat_last_n: "integer",
  repeat_penalty: "float32",
  presence_penalty: "float32",
  frequency_penalty: "float32",
  stop: "array",
};

/** Ollama's defaults (0.24): what holds for an option that nobody sets. `contextLength` is the server's num_ctx. */
export function defaultOptions(contextLength: number): Options {
  return {
    num_ctx: contextLength,
    num_batch: 512,
    num_gpu: -1,
    main_gpu: 0,
    num_thread: 0,
    use_mmap: undefined,
    num_keep: 4,
    num_predict: -1,
    seed: -1,
    temperature: 0.8,
    top_k: 40,
    top_p: 0.9,
    min_p: 0,
    typical_p: 1,
    repeat_last_n: 64,
    repeat_penalty: 1.1,
    presence_penalty: 0,
    frequency_penalty: 0,
    stop: [],
  };
}

/** Lays the layers over the defaults, the last one on top. Throws OptionError for a value of the wrong type. */
export function parseOptions(
  defaults: Options,
  ...layers: readonly Readonly<Record<string, unknown>>[]
): OptionsReading {
  const values: Record<string, unknown> = { ...defaults };
  const unknownNames: string[] = [];
  for (const [name, value] of layers.flatMap((layer) => Object.entries(layer))) {
    if (!isOptionName(name)) unknownNames.push(name);
    else if (value !== null && value !== undefined) values[name] = parseValue(name, value);
  }
  return { options: values as unknown as Options, unknownNames };
}

function isOptionName(name: string): name is keyof Options {
  return Object.hasOwn(kinds, name);
}

function parseValue(name: keyof Options, value: unknown): unknown {
  const kind = kinds[name];
  switch (kind) {
    case "integer":
      if (typeof value === "number") return Math.trunc(value);
      break;
    case "float32":
      if (typeof value === "number") return Math.fround(value);
      break;
    case "boolean":
      if (typeof value === "boolean") return value;
      break;
    case "array":
      if (Array.isArray(value)) return stringsOf(name, value);
      break;
  }
  throw new OptionError(`option ${JSON.stringify(name)} must be of type ${kind}`);
}

function stringsOf(name: string, items: readonly unknown[]): string[] {
  return items.map((item) => {
    if (typeof item === "string") return item;
    throw new OptionError(`option ${JSON.stringify(name)} must be of an array of strings`);
  });
}
