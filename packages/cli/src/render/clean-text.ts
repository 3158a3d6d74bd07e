// Texts that others chose (model names, machine names, messages of servers) never reach a terminal or a file as they
// are: control characters could move the cursor, invisible ones could hide or turn words around.

/** One line without control, format or broken characters, at most `maxLength` characters. */
export function cleanText(text: string, maxLength = 500): string {
  const line = text
    .slice(0, maxLength * 4)
    .replace(TERMINAL_CODES, "")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  const characters = [...line];
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join("")}…`;
}

const ESCAPE = String.fromCharCode(27);
const TERMINAL_CODES = new RegExp(`${ESCAPE}(?:\\[[0-9;?]*[ -/]*[@-~]|\\][^\\u0007${ESCAPE}]*)`, "g");
