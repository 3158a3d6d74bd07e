// The vocabulary of the synthetic model: a SentencePiece (SPM) vocabulary with byte fallback in which every listed word
// is one token. SPM merges neighbouring pieces as long as the merged piece exists, best score first. The only pieces
// longer than one character here are "▁h", "▁ho", "▁hou", ... "▁house", so a merge can only grow a word from its
// left, one letter at a time, and always reaches the longest listed prefix; no other merge competes.

/** Token classes of GGUF's `tokenizer.ggml.token_type`. */
export const tokenClass = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;

/** A vocabulary as it goes into the file: parallel arrays by token number. */
export interface Vocabulary {
  readonly pieces: readonly string[];
  readonly scores: readonly number[];
  readonly classes: readonly number[];
  /** True for the tokens that the model may generate: whole words. */
  readonly speakable: readonly boolean[];
  readonly unknownToken: number;
  readonly beginToken: number;
  readonly endToken: number;
}

/** The mark that SPM puts in place of a space. */
const spaceMark = "▁";

/** Builds the vocabulary for these words: control tokens, 256 bytes, printable ASCII, then prefixes and words. */
export function buildVocabulary(words: readonly string[]): Vocabulary {
  const pieces: string[] = [];
  const scores: number[] = [];
  const classes: number[] = [];
  const add = (piece: string, type: number, score: number): void => {
    pieces.push(piece);
    classes.push(type);
    scores.push(score);
  };
  add("<unk>", tokenClass.unknown, 0);
  add("<s>", tokenClass.control, 0);
  add("</s>", tokenClass.control, 0);
  for (let byte = 0; byte < 256; byte += 1) add(byteName(byte), tokenClass.byte, 0);
  for (const character of [spaceMark, ...printableAscii()]) add(character, tokenClass.normal, -100);
  // A longer piece scores higher: the order in which SPM would have learnt them backwards, and harmless (see above).
  for (const prefix of prefixes(words)) add(spaceMark + prefix, tokenClass.normal, prefix.length - 50);
  const spoken = new Set(words.map((word) => spaceMark + word));
  return {
    pieces,
    scores,
    classes,
    speakable: pieces.map((piece) => spoken.has(piece)),
    unknownToken: 0,
    beginToken: 1,
    endToken: 2,
  };
}

function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

function printableAscii(): string[] {
  return Array.from({ length: 0x7e - 0x21 + 1 }, (_, index) => String.fromCharCode(0x21 + index));
}

/** Every prefix of every word, the words themselves included, each once, in order of first appearance. */
function prefixes(words: readonly string[]): ReadonlySet<string> {
  const all = new Set<string>();
  for (const word of words) {
    for (let length = 1; length <= word.length; length += 1) all.add(word.slice(0, length));
  }
  return all;
}
