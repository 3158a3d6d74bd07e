// The guard before a real gRPC server and a real Postgres: what a flood of callers without a valid role token costs.
import { create } from "@bufbuild/protobuf";
import { credentials, Metadata, makeClientConstructor, type ServiceError, status } from "@grpc/grpc-js";
import { Health, HealthCheckRequestSchema } from "@ozone/proto/health";
import { ListTokensRequestSchema, TokenService } from "@ozone/proto/token_service";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../store/open-store.ts";
import { insertRoleToken, revokeRoleToken } from "../store/role-tokens.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { addService, createGuardedServer, type GrpcServer, listen, stopServer } from "./grpc-server.ts";
import { guard, type RefusedCall } from "./guard.ts";
import { healthHandlers } from "./health.ts";
import { newRoleToken } from "./role-token.ts";
import { tokenHandlers } from "./tokens.ts";

type Answer = (error: ServiceError | null) => void;
type Caller = Record<string, (request: unknown, metadata: Metadata, answer: Answer) => void> & {
  close(): void;
};

let parts: RealParts;
let store: Store;
let server: GrpcServer;
let tokens: Caller;
let health: Caller;
let refused: RefusedCall[];
/** Queries that the guard made. */
let lookups: number;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());
beforeEach(async () => {
  store = await parts.newStore();
  refused = [];
  lookups = 0;
  const db = new Proxy(store.db, {
    get(target, name) {
      if (name === "select") lookups += 1;
      return Reflect.get(target, name) as unknown;
    },
  });
  server = createGuardedServer(guard({ ...store, db }, (call) => refused.push(call)));
  addService(server, TokenService, tokenHandlers(store));
  addService(server, Health, healthHandlers({ leads: () => true }));
  const address = await listen(server, "127.0.0.1:0");
  const clientOf = (service: typeof TokenService | typeof Health): Caller => {
    const made = makeClientConstructor(grpcDefinition(service), service.typeName);
    return new made(address, credentials.createInsecure()) as unknown as Caller;
  };
  tokens = clientOf(TokenService);
  health = clientOf(Health);
});
afterEach(async () => {
  for (const client of [tokens, health]) client.close();
  await stopServer(server);
});

/** @returns "OK", or the code and the sentence of the refusal */
const ask = (client: Caller, method: string, request: unknown, shown: string | null): Promise<string> =>
  new Promise((resolve) => {
    const metadata = new Metadata();
    if (shown !== null) metadata.set("authorization", `Bearer ${shown}`);
    client[method]?.(request, metadata, (error) =>
      resolve(error ? `${status[error.code]}: ${error.details}` : "OK"),
    );
  });
const listTokens = (shown: string | null) =>
  ask(tokens, "listTokens", create(ListTokensRequestSchema), shown);
const checkHealth = (shown: string | null) => ask(health, "check", create(HealthCheckRequestSchema), shown);
const flood = (count: number, shown: () => string | null) =>
  Promise.all(Array.from({ length: count }, () => listTokens(shown())));

async function newAdmin(): Promise<{ id: string; secret: string }> {
  const { id, hash, secret } = newRoleToken();
  await insertRoleToken(store.db, { id, hash, name: "", role: "admin", expiresInMs: null });
  return { id, secret };
}

const TOO_MANY =
  "RESOURCE_EXHAUSTED: Too many calls without a valid role token come from 127.0.0.1; wait a few seconds and try again.";

describe("a flood of calls without a valid role token", () => {
  it("costs Postgres nothing beyond its allowance; health and who was let in before go on", async () => {
    const admin = await newAdmin();
    expect(await listTokens(admin.secret)).toBe("OK");
    const before = lookups;
    const answers = await flood(1_000, () => newRoleToken().secret);
    const looked = answers.filter((answer) => /^UNAUTHENTICATED: The role token is not/.test(answer)).length;
    expect(answers.filter((answer) => answer === TOO_MANY)).toHaveLength(1_000 - looked);
    expect([looked >= 200, looked < 600, lookups - before]).toEqual([true, true, looked]);
    expect(refused).toHaveLength(1_000);
    expect(await listTokens(admin.secret)).toBe("OK");
    expect(await checkHealth(null)).toBe("OK");
  });

  it("wins nothing by made-up tokens that it showed where none is asked for", async () => {
    const claimed = Array.from({ length: 600 }, () => newRoleToken().secret);
    expect(new Set(await Promise.all(claimed.map(checkHealth)))).toEqual(new Set(["OK"]));
    expect(await Promise.all(claimed.map(listTokens))).toContain(TOO_MANY);
  });

  it("wins nothing by a token that was valid and is revoked", async () => {
    const { id, secret } = await newAdmin();
    expect(await listTokens(secret)).toBe("OK");
    await revokeRoleToken(store.db, id);
    expect(await listTokens(secret)).toMatch(/^UNAUTHENTICATED: The role token \w+ was revoked/);
    expect(await flood(600, () => secret)).toContain(TOO_MANY);
  });
});
