import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

describe("OZONE_GRPC_ADDRESS", () => {
  it("on loopback is the local address, and beyond it stands beside a local one", () => {
    for (const address of ["127.0.0.1:7464", "localhost:7464", "[::1]:7464", "127.9.9.9:1"]) {
      const { grpcAddress, outsideAddress } = readConfig({ OZONE_GRPC_ADDRESS: address });
      expect([grpcAddress, outsideAddress]).toEqual([address, null]);
    }
    for (const address of [
      "0.0.0.0:7464",
      "[::]:7464",
      "10.0.0.7:7464",
      "ozone.example:7464",
      "127.example.com:1",
    ]) {
      const { grpcAddress, outsideAddress } = readConfig({ OZONE_GRPC_ADDRESS: address });
      expect([grpcAddress, outsideAddress]).toEqual(["127.0.0.1:0", address]);
    }
  });
});

describe("a certificate of one's own", () => {
  it("needs its key, and a CA alone is none", () => {
    const brought = { OZONE_TLS_CERT: "/a/cert.pem", OZONE_TLS_KEY: "/a/key.pem" };
    expect(readConfig(brought).broughtCertificate).toEqual({
      certificate: "/a/cert.pem",
      key: "/a/key.pem",
      ca: null,
    });
    expect(readConfig({}).broughtCertificate).toBeNull();
    expect(() => readConfig({ OZONE_TLS_CA: "/a/ca.pem" })).toThrow(/belong together/);
    expect(() => readConfig({ OZONE_TLS_KEY: "/a/key.pem" })).toThrow(/belong together/);
  });
});

describe("OZONE_KEEP_RAW", () => {
  it("is a duration of a day or more, and without it everything is kept", () => {
    expect(readConfig({}).keepRawMs).toBeNull();
    expect(readConfig({ OZONE_KEEP_RAW: "90d" }).keepRawMs).toBe(90 * 86_400_000);
    for (const wrong of ["90", "0d", "1h", "for ever"]) {
      expect(() => readConfig({ OZONE_KEEP_RAW: wrong })).toThrow(
        /OZONE_KEEP_RAW must be a duration of a day/,
      );
    }
  });
});

describe("OZONE_NATS_REPLICAS", () => {
  it("is a number of servers of a cluster outside, and of nothing else", () => {
    const OZONE_NATS_URL = "nats://a:4222,nats://b:4222,nats://c:4222";
    expect(readConfig({ OZONE_NATS_URL, OZONE_NATS_REPLICAS: "3" }).natsReplicas).toBe(3);
    expect(readConfig({ OZONE_NATS_URL }).natsReplicas).toBeNull();
    expect(() => readConfig({ OZONE_NATS_URL, OZONE_NATS_REPLICAS: "2" })).toThrow(/must be 1, 3 or 5/);
    expect(() => readConfig({ OZONE_NATS_REPLICAS: "3" })).toThrow(/name its servers in OZONE_NATS_URL/);
  });
});

describe("OZONE_NATS_CALLOUT_KEYS", () => {
  it("is for a NATS outside, with lives of less than a minute", () => {
    const env = { OZONE_NATS_URL: "nats://a:4222", OZONE_NATS_CALLOUT_KEYS: "/k" };
    expect(readConfig(env).callout).toEqual({ keysPath: "/k", lifeMs: 45_000 });
    expect(readConfig({ OZONE_NATS_URL: "nats://a:4222" }).callout).toBeNull();
    expect(() => readConfig({ OZONE_NATS_CALLOUT_KEYS: "/k" })).toThrow(/is for a NATS of yours/);
    for (const life of ["60000", "1000"])
      expect(() => readConfig({ ...env, OZONE_NATS_CALLOUT_LIFE_MS: life })).toThrow(/CALLOUT_LIFE_MS/);
  });
});

describe("the webhook and the lead", () => {
  it("are off and ten seconds unless set; a secret without an address is refused without being repeated", () => {
    expect(readConfig({})).toMatchObject({ webhook: null, leaderLeaseMs: 10_000, missingAfterMs: 300_000 });
    const url = "https://hooks.lab/x";
    expect(readConfig({ OZONE_WEBHOOK_URL: url, OZONE_WEBHOOK_SECRET: "whsec_x" }).webhook).toEqual({
      ...{ url, secret: "whsec_x", secretPath: null },
    });
    expect(() => readConfig({ OZONE_WEBHOOK_SECRET: "whsec_x" })).toThrow(/^[^x]*OZONE_WEBHOOK_URL\.$/);
    expect(() => readConfig({ OZONE_LEADER_LEASE_MS: "999" })).toThrow("OZONE_LEADER_LEASE_MS");
  });
});
