// JWTs and answers of the auth callout, against the keys of the client of the bus.
import fc from "fast-check";
import { nkeys } from "nats";
import { describe, expect, it } from "vitest";
import { admittance, readCalloutRequest, refusal } from "./callout-answers.ts";
import { issuerOf, machineKeyOf, makeIssuerSeed, makeMachineKey } from "./keys.ts";
import { decodeClaims, encodeClaims } from "./nats-jwt.ts";
import { agentPermissions } from "./permissions.ts";

const inText = (pair: { getSeed(): Uint8Array }) => new TextDecoder().decode(pair.getSeed());
const bytes = (text: string) => new TextEncoder().encode(text);
const issuer = issuerOf(makeIssuerSeed());

/** A token as another program would make it, by the client's own keys. */
function tokenBy(pair: ReturnType<typeof nkeys.createUser>, claims: object, alg = "ed25519-nkey"): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ typ: "JWT", alg })}.${part({ ...claims, iss: pair.getPublicKey() })}`;
  return `${signed}.${Buffer.from(pair.sign(bytes(signed))).toString("base64url")}`;
}

describe("a JWT of NATS", () => {
  it("that is made here holds for the client's keys, whatever its claims say, and none that was changed holds here", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), fc.nat(), (value, sub, position) => {
        const token = encodeClaims(issuer, { sub, iat: 1, nats: { value } });
        const [head = "", body = "", signature = ""] = token.split(".");
        const isSigned = nkeys
          .fromPublic(issuer.publicKey)
          .verify(bytes(`${head}.${body}`), Buffer.from(signature, "base64url"));
        expect(isSigned).toBe(true);
        const claims = JSON.parse(JSON.stringify({ value })) as object;
        expect(decodeClaims(token)).toEqual({
          sub,
          iat: 1,
          iss: issuer.publicKey,
          nats: { ...claims, version: 2 },
        });
        const at = position % (head.length + 1 + body.length);
        const changed = `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
        expect(decodeClaims(changed)).toBe(null);
      }),
      { numRuns: 40 },
    );
  });

  it("that the client's keys signed is read; what is none, is too long or comes by another way of signing is not", () => {
    const pair = nkeys.createUser();
    const claims = { sub: "x", iat: 1, nats: { a: "b" } };
    expect(decodeClaims(tokenBy(pair, claims))).toEqual({ ...claims, iss: pair.getPublicKey() });
    const wrong = [
      "",
      "a.b.c",
      `${tokenBy(pair, claims)}.x`,
      tokenBy(pair, claims, "none"),
      tokenBy(pair, { iat: 1 }),
    ];
    wrong.push(
      tokenBy(pair, { ...claims, nats: { a: "b".repeat(70_000) } }),
      tokenBy(pair, { ...claims, nats: null }),
    );
    for (const token of wrong) expect(decodeClaims(token), token.slice(0, 200)).toBe(null);
  });
});

describe("a request of the auth callout", () => {
  const server = nkeys.createServer();
  const machine = makeMachineKey();
  const NONCE = "k3Xq0uCfQ1yXw2A";
  const sign = (text: string, key = machine) =>
    Buffer.from(nkeys.fromSeed(bytes(key.seed)).sign(bytes(text))).toString("base64");
  const proven = { nkey: machine.publicKey, sig: sign(NONCE) };
  interface Changes {
    readonly nonce?: string | null;
    readonly opts?: object;
    readonly claims?: object;
    readonly serverId?: string;
  }
  function requestOf(
    { nonce = NONCE, opts = proven, claims = {}, serverId }: Changes = {},
    by = server,
  ): string {
    const nats = {
      server_id: { name: "n", host: "h", id: serverId ?? server.getPublicKey() },
      user_nkey: machineKeyOf(inText(nkeys.createUser())).publicKey,
      client_info: { host: "h", id: 7, ...(nonce === null ? {} : { nonce }) },
      connect_opts: { protocol: 1, ...opts },
      type: "authorization_request",
    };
    return tokenBy(by, {
      aud: "nats-authorization-request",
      sub: issuer.publicKey,
      iat: 1_000,
      exp: 1_003,
      nats,
      ...claims,
    });
  }

  it("proves a key by a signature over this connection's nonce, and by nothing else", () => {
    expect(readCalloutRequest(requestOf())).toMatchObject({ provenKey: machine.publicKey, atS: 1_000 });
    const other = makeMachineKey();
    const account = issuerOf(makeIssuerSeed());
    const unproven: Changes[] = [
      { nonce: "another" },
      { nonce: "", opts: { ...proven, sig: sign("") } },
      { nonce: null, opts: { ...proven, sig: sign("") } },
      { opts: { nkey: machine.publicKey } },
      { opts: { sig: proven.sig } },
      { opts: { ...proven, nkey: other.publicKey } },
      { opts: { ...proven, sig: sign(NONCE, other) } },
      { opts: { ...proven, sig: "" } },
      { opts: { user: machine.publicKey, pass: "x", auth_token: machine.publicKey } },
      // Not the key of a user, though its holder signed.
      { opts: { nkey: account.publicKey, sig: Buffer.from(account.sign(bytes(NONCE))).toString("base64") } },
    ];
    for (const changes of unproven)
      expect(readCalloutRequest(requestOf(changes))?.provenKey, JSON.stringify(changes)).toBe(null);
  });

  it("is none unless the server that it names signed it as one", () => {
    const impostor = nkeys.createServer();
    expect(readCalloutRequest(requestOf({}, impostor))).toBe(null);
    const user = nkeys.createUser();
    expect(readCalloutRequest(requestOf({ serverId: user.getPublicKey() }, user))).toBe(null);
    expect(readCalloutRequest(requestOf({ claims: { aud: "NATS" } }))).toBe(null);
    expect(readCalloutRequest(requestOf({ claims: { nats: {} } }))).toBe(null);
    expect(readCalloutRequest("nothing")).toBe(null);
  });

  it("is answered for this connection and this server: with the permissions of its machine for so long by the server's clock, or a reason", () => {
    const request = readCalloutRequest(requestOf());
    if (request === null) throw new Error("unreachable");
    const open = (token: string) => decodeClaims(token) ?? { nats: {} as Record<string, unknown> };
    const yes = open(admittance(issuer, request, { machineId: "m-1", lifeMs: 45_900 }));
    const forWhom = { iss: issuer.publicKey, sub: request.userKey, aud: server.getPublicKey() };
    expect(yes).toMatchObject(forWhom);
    const { publish, subscribe } = agentPermissions("m-1");
    expect(open(String(yes.nats.jwt))).toEqual({
      ...{ iss: issuer.publicKey, sub: request.userKey, aud: "$G", name: "m-1", iat: 1_000, exp: 1_045 },
      nats: {
        ...{ type: "user", version: 2, subs: -1, data: -1, payload: -1 },
        allowed_connection_types: ["STANDARD"],
        ...{ pub: { allow: publish }, sub: { allow: subscribe } },
      },
    });
    const no = open(refusal(issuer, request, "not known"));
    expect(no).toMatchObject({ ...forWhom, nats: { error: "not known", type: "authorization_response" } });
    expect(no.nats).not.toHaveProperty("jwt");
    expect(() => admittance(issuer, request, { machineId: "m.>", lifeMs: 1_000 })).toThrow(RangeError);
  });
});
