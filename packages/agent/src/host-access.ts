// What the agent may not read on its host, for the server that it measures.
import { enginePid, localPort } from "./engine-process.ts";
import { readAccessProblems } from "./machine/access-look.ts";
import { readPssBytes } from "./machine/process-memory.ts";

/** One sentence for each thing, with the group or setting that is missing. Never rejects. */
export async function hostAccessProblems(
  engineUrl: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const pid = await enginePid(engineUrl);
  return readAccessProblems({
    port: localPort(engineUrl),
    serverReadable: pid !== null && (await readPssBytes([pid])) !== null,
    modelStore: env.OLLAMA_MODELS,
  });
}
