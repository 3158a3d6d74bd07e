import { generateKeyPairSync, randomBytes } from "node:crypto";
import { TOKEN_PREFIX } from "@ozone/shared/enrolment";
import { describe, expect, it } from "vitest";
import { newRoleToken } from "../../packages/coordinator/src/api/role-token.ts";
import { secretsIn } from "./secrets-in-logs.ts";

const base32 = (count: number) =>
  Array.from(randomBytes(count), (byte) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[byte % 32]).join("");
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });

describe("secrets in logs", () => {
  it.each([
    ["a role token", newRoleToken().secret],
    ["an enrolment token", `${TOKEN_PREFIX}${randomBytes(32).toString("base64url")}`],
    ["the secret of a webhook", `whsec_${randomBytes(32).toString("base64")}`],
    ["the seed of a key", `SU${base32(56)}`],
    ["a private key", String(pem)],
    ["a password in an address", "nats://agents:hunter2@127.0.0.1:4222"],
    ["a password that Ozone made", randomBytes(24).toString("hex")],
  ])("%s is found in the middle of a line, and not said again", (what, secret) => {
    const [first = "", ...more] = secretsIn(`{"level":30,"msg":"before ${secret} after"}\n{"msg":"ready"}`);
    expect(first).toContain(`${what}: {"level":30,"msg":"before (it)`);
    if (what !== "a private key") expect(first).not.toContain(secret);
    expect(more).toEqual([]);
  });

  it("are not what ids, digests and addresses look like", () => {
    const line = `trial s-4f1c2a90d3.1.2 sha256:${randomBytes(32).toString("hex")} nats://127.0.0.1:4222 U${base32(55)} http://[::1]:11434 m-40460e1c51`;
    expect(secretsIn(line)).toEqual([]);
  });
});
