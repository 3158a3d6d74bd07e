// The synthetic models, as shapes: the two that every engine offers, and a larger one for whoever asks for its file.

/** The shape of a llama-architecture model. Lengths are numbers of elements. */
export interface ModelShape {
  readonly layers: number;
  readonly embeddingLength: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly feedForwardLength: number;
}

/** A model that can be generated: same name and seed, same bytes. */
export interface SyntheticPreset {
  /** The tag under which the API offers it. */
  readonly tag: string;
  readonly seed: string;
  /** Every engine makes and offers it; others can be written to a file and uploaded. */
  readonly offered: boolean;
  readonly shape: ModelShape;
}

/** The context length that the file claims to be trained for; no training took place, so it only sets the limit. */
export const trainedContextLength = 131_072;

/** The presets by the name that `ozone-engine model --preset` takes. */
export const presets: ReadonlyMap<string, SyntheticPreset> = new Map(
  [
    {
      tag: "30m",
      seed: "ozone-1",
      offered: true,
      shape: { layers: 8, embeddingLength: 512, heads: 8, keyValueHeads: 4, feedForwardLength: 1408 },
    },
    {
      tag: "4m",
      seed: "ozone-1",
      offered: true,
      shape: { layers: 2, embeddingLength: 256, heads: 4, keyValueHeads: 2, feedForwardLength: 704 },
    },
    {
      tag: "120m",
      seed: "ozone-1",
      offered: false,
      shape: { layers: 10, embeddingLength: 1024, heads: 16, keyValueHeads: 4, feedForwardLength: 2816 },
    },
  ].map((preset) => [preset.tag, preset]),
);

/** The family and base name of all synthetic models. */
export const syntheticFamily = "ozone-synthetic";

/** What the model says about itself wherever there is room for a sentence. */
export const syntheticDescription = "synthetic weights from a seed; the text is noise";
