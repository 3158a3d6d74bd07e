// The named sweeps for a person: a table of them, or one as the sweep file that it stands for.
import type { NamedSweep } from "@ozone/shared/named-sweeps";
import { Document, isPair, isSeq, visit } from "yaml";
import { textTable } from "./text-table.ts";

/** A table of names with what they are for. */
export const namedSweepsText = (sweeps: readonly NamedSweep[]): string =>
  `${textTable(
    [{ heading: "NAME" }, { heading: "WHAT IT IS" }],
    sweeps.map(({ name, summary }) => [name, summary]),
  )}\n\`ozone sweep plan NAME\` says what one would take; \`ozone sweep names NAME > FILE.yaml\` makes it yours.\n`;

/** The sweep file, lists on one line each. */
export function namedSweepYaml({ name, summary, document: content }: NamedSweep): string {
  const document = new Document(content);
  document.commentBefore = ` ${name}: ${summary}.\n Start it with \`ozone sweep run FILE\`; \`ozone sweep run --help\` has the keys.`;
  visit(document, {
    Pair(_, pair) {
      if (isSeq(pair.value)) pair.value.flow = true;
      return isPair(pair) ? undefined : visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 110, flowCollectionPadding: false });
}
