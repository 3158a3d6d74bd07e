// A question that is answered with yes or no, on the terminal; what is printed stays off stdout.
import { createInterface } from "node:readline/promises";
import { OzoneError } from "@ozone/shared/errors";

/** Whether the person says yes. @throws OzoneError invalid_input when nobody can be asked */
export async function personAgrees(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new OzoneError(
      "invalid_input",
      "Nobody can be asked here, since the input is no terminal; add --yes to say that it may be done.",
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
