import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAtLeast, natsConfig, tooOldForOthers } from "./nats-config.ts";
import { natsPaths } from "./nats-record.ts";

const record = { name: "ozone-1", user: "ozone", password: "secret", port: null, pid: null, version: null };
const configOf = (version: string): string => natsConfig(record, 4_222, natsPaths('/data "x"'), version);

describe("the configuration of nats-server", () => {
  it("listens on 127.0.0.1 only, asks for a password and bounds what is stored", () => {
    const text = configOf("2.9.10");
    for (const line of [
      'listen: "127.0.0.1:4222"',
      'password: "secret"',
      "max_file_store: 1GB",
      "max_payload: 1MB",
    ]) {
      expect(text).toContain(line);
    }
    expect(text).toContain('store_dir: "/data \\"x\\"/nats/store"');
  });

  it("asks for fsync before each acknowledgement from 2.10 on, and never a 2.9, which would refuse it", () => {
    for (const version of ["2.10.0", "2.11.4", "2.12.0-beta.1", "3.0.0"]) {
      expect(configOf(version), version).toMatch(/jetstream \{[^}]*sync_interval: always[^}]*\}/);
    }
    for (const version of ["2.9.10", "2.9.25", "unknown"])
      expect(configOf(version), version).not.toContain("sync");
  });
});

describe("nats-server beyond loopback", () => {
  it("listens where it is told, with TLS, and on loopback without otherwise", () => {
    const tls = { certificate: "/c/server.pem", key: "/c/server.pem" };
    const text = (host: string) =>
      natsConfig(record, 4_222, natsPaths("/data"), "2.11.4", { tls: { host, ...tls } });
    expect(text("0.0.0.0")).toContain('listen: "0.0.0.0:4222"');
    expect(text("::")).toContain('listen: "[::]:4222"');
    expect(text("::")).toMatch(/tls \{\n {2}cert_file: "\/c\/server.pem"\n {2}key_file: "\/c\/server.pem"/);
    expect(configOf("2.11.4")).not.toContain("tls");
  });

  it("is for versions without known holes only", () => {
    for (const version of [
      "2.9.10",
      "2.9.29",
      "2.10.0",
      "2.10.26",
      "2.11.0",
      "2.11.14",
      "2.12.5",
      "unknown",
      "1.4.1",
    ])
      expect(tooOldForOthers(version), version).toMatch(
        /known holes .* listens on loopback only; name one of/,
      );
    for (const version of [
      "2.10.27",
      "2.10.29",
      "2.11.15",
      "v2.11.17",
      "2.12.6",
      "v2.12.15",
      "2.15.1",
      "3.0.0",
    ])
      expect(tooOldForOthers(version), version).toBeNull();
  });
});

describe("comparing versions", () => {
  it("compares numbers, not text", () => {
    const part = fc.integer({ min: 0, max: 50 });
    fc.assert(
      fc.property(part, part, part, part, (major, minor, wantedMajor, wantedMinor) => {
        const expected = major * 100 + minor >= wantedMajor * 100 + wantedMinor;
        expect(isAtLeast(`v${major}.${minor}.3`, wantedMajor, wantedMinor)).toBe(expected);
      }),
    );
  });
});
