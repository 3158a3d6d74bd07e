// Which program a managed server is: the same as the user's own where that can be seen. Pure.
import { basename } from "node:path";
import type { ServerSight } from "./users-server.ts";

/** A program that serves Ollama's API. */
export interface ServerProgram {
  readonly kind: "ollama" | "reference";
  readonly command: string;
  /** Words before those of the port. */
  readonly words: readonly string[];
}

/** What the choice depends on. */
export interface ProgramFacts {
  /** What answers at the URL; null: nothing does. */
  readonly answering: "ollama" | "reference" | null;
  readonly sight: ServerSight | null;
  /** OZONE_OLLAMA: a program that its user names; empty: none. */
  readonly named: string;
  /** `ollama` on PATH. */
  readonly onPath: string | null;
  /** The reference engine of this installation: Node and the script. */
  readonly reference: { readonly node: string; readonly script: string } | null;
}

/** The program, or why there is none, as the end of a sentence. */
export function chooseProgram(facts: ProgramFacts): ServerProgram | { readonly problem: string } {
  const { answering, sight, named, onPath, reference } = facts;
  if (sight?.place === "elsewhere") return { problem: `${sight.reason}, where this agent can't start one` };
  const seen = sight?.place === "here" ? programOf(sight) : null;
  const installed = reference && referenceProgram(reference.node, reference.script);
  if (answering === "reference") {
    return (
      (seen?.kind === "reference" ? seen : installed) ?? {
        problem: "the reference engine is not installed beside the agent",
      }
    );
  }
  if (named !== "") return { kind: "ollama", command: named, words: ["serve"] };
  if (seen?.kind === "ollama") return seen;
  if (onPath !== null) return { kind: "ollama", command: onPath, words: ["serve"] };
  if (answering === "ollama") {
    return {
      problem: "its program can't be seen and there is no `ollama` on PATH; set OZONE_OLLAMA to its path",
    };
  }
  return installed ?? { problem: "there is no `ollama` on PATH and no reference engine beside the agent" };
}

const referenceProgram = (node: string, script: string): ServerProgram => ({
  kind: "reference",
  command: node,
  words: [script, "serve"],
});

/** The program of a process, if it is one that serves: a proxy in front of it is not. */
export function programOf({ process: seen }: Extract<ServerSight, { place: "here" }>): ServerProgram | null {
  const script = seen.words[1];
  if (script !== undefined && /ozone-engine(\.js)?$/.test(script) && seen.executable !== null) {
    return referenceProgram(seen.executable, script);
  }
  const path = seen.executable ?? seen.words[0] ?? "";
  if (!/^ollama([-_.].*)?$/.test(basename(path)) || !path.startsWith("/")) return null;
  return { kind: "ollama", command: path, words: ["serve"] };
}
