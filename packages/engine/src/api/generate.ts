// POST /api/generate: text from a prompt; with an empty prompt, loading and unloading.
import { ApiError } from "./api-error.ts";
import { renderChat } from "./chat-template.ts";
import { complete, refuseUnsupported, withModel } from "./completion.ts";
import type { JsonObject } from "./exchange.ts";
import { booleanField, keepAliveField, requestedModel, textField, writtenModelName } from "./fields.ts";
import type { Handler } from "./services.ts";

/** Answers /api/generate. */
export const generate: Handler = async (exchange, services) => {
  const startedNs = process.hrtime.bigint();
  const body = await exchange.json();
  const writtenName = writtenModelName(body);
  const model = requestedModel(body, services.store);
  const prompt = textField(body, "prompt");
  const idle = (doneReason: string): JsonObject => ({
    model: writtenName,
    created_at: new Date().toISOString(),
    response: "",
    done: true,
    done_reason: doneReason,
  });
  if (prompt === "" && keepAliveField(body) === 0) {
    services.scheduler.expire(model.blob);
    exchange.reply(200, idle("unload"));
    return;
  }
  const raw = booleanField(body, "raw") ?? false;
  refuseMixedRaw(body, raw);
  refuseUnsupported(body, writtenName);
  await withModel(exchange, services, { body, writtenName, model, startedNs }, async (ready) => {
    if (prompt === "") {
      exchange.reply(200, idle("load"));
      return;
    }
    const system = textField(body, "system") || model.system;
    const rendered = raw ? prompt : renderChat([...systemMessage(system), { role: "user", content: prompt }]);
    await complete(exchange, ready, { prompt: rendered, shape: { chunk: (text) => ({ response: text }) } });
  });
};

function refuseMixedRaw(body: JsonObject, raw: boolean): void {
  if (!raw) return;
  const context = body.context;
  const hasContext = Array.isArray(context) && context.length > 0;
  if (textField(body, "template") !== "" || textField(body, "system") !== "" || hasContext) {
    throw new ApiError(400, "raw mode does not support template, system, or context");
  }
}

function systemMessage(content: string): { role: string; content: string }[] {
  return content === "" ? [] : [{ role: "system", content }];
}
