// Whether an Ollama (or the reference engine) answers at an address, and how many models it has.

const PROBE_MS = 3000;

/** What answered. */
export interface OllamaProbe {
  readonly version: string;
  readonly modelCount: number;
}

/** Null when nothing answers there, or something that is no Ollama. */
export async function probeOllama(url: string): Promise<OllamaProbe | null> {
  const answer = await getJson(`${url}/api/version`);
  if (typeof answer?.version !== "string") return null;
  const tags = await getJson(`${url}/api/tags`);
  return { version: answer.version, modelCount: Array.isArray(tags?.models) ? tags.models.length : 0 };
}

async function getJson(url: string): Promise<Record<string, unknown> | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_MS), redirect: "error" });
    if (!response.ok) return null;
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null ? { ...body } : null;
  } catch {
    return null; // nothing listens there, it speaks something else, or it is too slow to be used
  }
}
