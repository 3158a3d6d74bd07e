// JSON that says the same wherever it is looked at: what JSON lets stand as it is (C1 controls, characters that turn or hide
// text) is written as escapes, so that a terminal or an editor shows it and does not obey it.

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
    .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
    .join("");

/** A document as JSON, the same value when it is parsed. Indented by two spaces, or on one line. */
export const jsonText = (document: unknown, layout: "indented" | "line" = "indented"): string =>
  layout === "line"
    ? JSON.stringify(document).replace(UNSEEN, escaped)
    : JSON.stringify(document, null, 2).replace(UNSEEN, (character) =>
        character === "\n" ? character : escaped(character),
      );
