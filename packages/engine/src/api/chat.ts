// POST /api/chat: an answer to a list of messages; with an empty list, loading and unloading.
import { ApiError } from "./api-error.ts";
import { type ChatMessage, renderChat, renderFittingChat } from "./chat-template.ts";
import { complete, type ReadyRequest, refuseUnsupported, withModel } from "./completion.ts";
import type { JsonObject } from "./exchange.ts";
import { booleanField, keepAliveField, listField, requestedModel, writtenModelName } from "./fields.ts";
import type { Handler } from "./services.ts";

/** Answers /api/chat. */
export const chat: Handler = async (exchange, services) => {
  const startedNs = process.hrtime.bigint();
  const body = await exchange.json();
  const writtenName = writtenModelName(body);
  const model = requestedModel(body, services.store);
  const messages = listField(body, "messages").map((entry) => readMessage(entry, writtenName));
  const idle = (doneReason: string): JsonObject => ({
    model: writtenName,
    created_at: new Date().toISOString(),
    message: { role: "assistant", content: "" },
    done: true,
    done_reason: doneReason,
  });
  if (messages.length === 0 && keepAliveField(body) === 0) {
    services.scheduler.expire(model.blob);
    exchange.reply(200, idle("unload"));
    return;
  }
  refuseUnsupported(body, writtenName);
  await withModel(exchange, services, { body, writtenName, model, startedNs }, async (ready) => {
    if (messages.length === 0) {
      exchange.reply(200, idle("load"));
      return;
    }
    const prompt = await chatPrompt(ready, messages);
    const shape = { chunk: (text: string) => ({ message: { role: "assistant", content: text } }) };
    await complete(exchange, ready, { prompt, shape });
  });
};

function chatPrompt({ body, model, lease }: ReadyRequest, messages: readonly ChatMessage[]): Promise<string> {
  const needsSystem = model.system !== "" && messages[0]?.role !== "system";
  const all = needsSystem ? [{ role: "system", content: model.system }, ...messages] : messages;
  if (booleanField(body, "truncate") === false) return Promise.resolve(renderChat(all));
  return renderFittingChat(all, lease.runner.facts.contextLimit, (text) => lease.runner.countTokens(text));
}

function readMessage(entry: unknown, writtenName: string): ChatMessage {
  if (typeof entry !== "object" || entry === null)
    throw new ApiError(400, "each message must be a JSON object");
  const { role, content, images } = entry as Record<string, unknown>;
  if (typeof role !== "string") throw new ApiError(400, "each message must have a role");
  if (content !== undefined && content !== null && typeof content !== "string") {
    throw new ApiError(400, "the content of a message must be a string");
  }
  if (Array.isArray(images) && images.length > 0) {
    throw new ApiError(400, `${writtenName} does not support vision`);
  }
  return { role, content: content ?? "" };
}
