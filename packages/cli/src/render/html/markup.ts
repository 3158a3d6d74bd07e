// HTML that can't be broken by what is put into it: every value is escaped unless it is markup made here.
import { cleanText } from "../clean-text.ts";

/** A piece of finished markup; only `html` makes one. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template. */
export type Piece = Markup | string | number | readonly Piece[];

/** Template tag: texts and numbers are cleaned and escaped, markup stays, lists are joined. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const filled = parts.map(
    (part, index) => part + (index < pieces.length ? markupOf(pieces[index] ?? "") : ""),
  );
  return { markup: filled.join("") };
}

/** Text of ours that is already markup or style, written in this folder; never something that came from outside. */
export const trusted = (markup: string): Markup => ({ markup });

function markupOf(piece: Piece): string {
  if (typeof piece === "string") return escapeHtml(piece);
  if (typeof piece === "number") return String(piece);
  if ("markup" in piece) return piece.markup;
  return piece.map(markupOf).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** A text of others, safe between tags and inside quoted attributes. */
export const escapeHtml = (text: string): string =>
  cleanText(text, 2000).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
