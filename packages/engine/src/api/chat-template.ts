// The plain chat template of every model here, and the rule by which a chat that is too long loses its oldest messages.

/** One message of a chat. */
export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

/** The template as /api/show gives it, in Ollama's template language. */
export const chatTemplate = "{{ range .Messages }}{{ .Role }}: {{ .Content }}\n{{ end }}assistant:";

/** The prompt of a chat. */
export function renderChat(messages: readonly ChatMessage[]): string {
  return `${messages.map(({ role, content }) => `${role}: ${content}\n`).join("")}assistant:`;
}

/**
 * The prompt of the longest end of the chat that fits into `limit` tokens; system messages always stay, and so does the
 * last message even if it does not fit (Ollama's rule).
 */
export async function renderFittingChat(
  messages: readonly ChatMessage[],
  limit: number,
  countTokens: (text: string) => Promise<number>,
): Promise<string> {
  for (let first = 0; ; first += 1) {
    const kept = messages.filter(({ role }, index) => index >= first || role === "system");
    const prompt = renderChat(kept);
    if (first >= messages.length - 1 || (await countTokens(prompt)) <= limit) return prompt;
  }
}
