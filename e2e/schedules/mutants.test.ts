// The mutants of scripts/mutants.mjs against the sources that they change: one that lost its place would say nothing.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { MUTANTS } from "../../scripts/mutants.mjs";

it.each(MUTANTS)("$name finds the text that it takes out, once", ({ file, from }) => {
  const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), "utf8");
  expect(text.split(from)).toHaveLength(2);
});
