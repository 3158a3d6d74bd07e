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
