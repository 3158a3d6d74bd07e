// Which claims a command line asks for. Pure.
import { parseArgs } from "node:util";
import type { Claim } from "./claim.ts";

/** What is to be done, or the one sentence that says why it can't be. */
export type Selection =
  | { readonly claims: readonly Claim[]; readonly json: boolean; readonly skipped: readonly string[] }
  | { readonly problem: string };

const FLAGS = { only: { type: "string" }, long: { type: "boolean" }, json: { type: "boolean" } } as const;

/** Reads the flags. A name selects the claim of that name and every claim whose name starts with it. */
export function selectClaims(argv: readonly string[], claims: readonly Claim[]): Selection {
  let flags: { only?: string; long?: boolean; json?: boolean };
  try {
    flags = parseArgs({ args: [...argv], options: FLAGS, strict: true }).values;
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.split(". ")[0] : String(thrown);
    return { problem: `${why}; the flags are --only NAME[,NAME], --long and --json.` };
  }
  const long = flags.long === true;
  const names = (flags.only ?? "").split(",").filter((name) => name !== "");
  if (flags.only !== undefined && names.length === 0) return { problem: unknownName(flags.only, claims) };
  const asked = (claim: Claim): boolean =>
    names.length === 0 || names.some((name) => claim.name.startsWith(name));
  for (const name of names) {
    const named = claims.filter((claim) => claim.name.startsWith(name));
    if (named.length === 0) return { problem: unknownName(name, claims) };
    if (!long && named.every((claim) => claim.long)) {
      return { problem: `${named.map((claim) => claim.name).join(", ")} takes long: add --long.` };
    }
  }
  const chosen = claims.filter(asked);
  return {
    claims: chosen.filter((claim) => long || !claim.long),
    json: flags.json === true,
    skipped: chosen.filter((claim) => claim.long && !long).map((claim) => claim.name),
  };
}

const unknownName = (name: string, claims: readonly Claim[]): string =>
  `There is no claim named ${JSON.stringify(name)}; the claims are ${claims.map((claim) => claim.name).join(", ")}.`;
