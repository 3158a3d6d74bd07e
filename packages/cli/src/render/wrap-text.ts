// Breaks long sentences at spaces, so that they can be read on any terminal.

/** What every terminal has. */
export const TEXT_WIDTH = 80;

/** The text in lines of at most `width` characters, later ones with `indent` in front; a single long word stays whole. */
export function wrapText(
  text: string,
  { width = TEXT_WIDTH, indent = "" }: { width?: number; indent?: string } = {},
): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || [...longer].length <= width) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line].join(`\n${indent}`);
}
