import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, connect as tlsConnect } from "node:tls";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeCertificate, renewalReason } from "./describe.ts";
import { issueCa, issueServer, type Pair } from "./issue.ts";
import { addressBytes, canonical, isName, serverNames } from "./names.ts";
import { certificateFiles, ensureOwnCertificates } from "./own-certificates.ts";

const now = new Date();
const year = { now, days: 365 };
const DAY_MS = 86_400_000;

describe("a certificate that Ozone issues", () => {
  const ca = issueCa({ now, days: 3_650 });

  it("is read by Node with its names, is signed by its CA, and serves no other purpose", () => {
    const names = ["ozone.lab.example", "127.0.0.1", "2001:DB8:0:0:0:0:0:1"];
    const { certificate, key } = issueServer(ca, names, year);
    const parsed = new X509Certificate(certificate);
    const authority = new X509Certificate(ca.certificate);
    expect(parsed.verify(authority.publicKey)).toBe(true);
    expect(parsed.checkIssued(authority)).toBe(true);
    expect([parsed.ca, authority.ca]).toEqual([false, true]);
    expect(parsed.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect(describeCertificate(certificate).names).toEqual(names);
    expect(parsed.checkHost("ozone.lab.example")).toBeDefined();
    expect(parsed.checkIP("2001:db8::1")).toBeDefined();
    expect(parsed.checkHost("other.example")).toBeUndefined();
    expect(key).toContain("BEGIN PRIVATE KEY");
    expect(new Date(parsed.validFrom).getTime()).toBeLessThanOrEqual(now.getTime() - DAY_MS + 1_000);
  });

  const handshake = async (server: Pair, trusted: string): Promise<string> => {
    const listening = createServer({ cert: server.certificate, key: server.key }, (socket) => socket.end());
    listening.listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as AddressInfo;
    const socket = tlsConnect({ port, host: "127.0.0.1", ca: trusted, servername: "localhost" });
    try {
      return await new Promise<string>((resolve) => {
        socket.once("secureConnect", () => resolve("trusted"));
        socket.once("error", ({ message }) => resolve(message));
      });
    } finally {
      socket.destroy();
      listening.close();
    }
  };

  it("is trusted in a real handshake by who knows the CA, also after it was replaced, and by nobody else", async () => {
    const first = issueServer(ca, ["localhost"], year);
    const second = issueServer(ca, ["localhost"], year);
    expect(await handshake(first, ca.certificate)).toBe("trusted");
    expect(await handshake(second, ca.certificate)).toBe("trusted");
    expect(await handshake(first, issueCa(year).certificate)).not.toBe("trusted");
    expect(await handshake(issueServer(ca, ["other"], year), ca.certificate)).toContain("altnames");
    const old = issueServer(ca, ["localhost"], { now: new Date(now.getTime() - 3 * DAY_MS), days: 1 });
    expect(await handshake(old, ca.certificate)).toContain("expired");
  });

  it("is due for renewal when it ends soon, lacks a name or is of another CA", () => {
    const { certificate } = issueServer(ca, ["a.example"], year);
    const at = { ca: ca.certificate, names: ["a.example"], now };
    expect(renewalReason(certificate, at)).toBeNull();
    expect(renewalReason(certificate, { ...at, names: ["a.example", "10.0.0.1"] })).toBe("it lacks 10.0.0.1");
    expect(renewalReason(certificate, { ...at, now: new Date(now.getTime() + 340 * DAY_MS) })).toMatch(
      /days only/,
    );
    expect(renewalReason(certificate, { ...at, now: new Date(now.getTime() + 400 * DAY_MS) })).toBe(
      "it has expired",
    );
    expect(renewalReason(certificate, { ...at, ca: issueCa(year).certificate })).toBe("another CA signed it");
    expect(renewalReason("x", at)).toBe("it can't be read");
  });
});

describe("names of a certificate", () => {
  it("are this machine's, each once, without wildcards and what can't be a name", () => {
    const facts = {
      hostname: "Lab-1",
      addresses: ["10.0.0.7", "127.0.0.1", "fe80::1%eth0"],
      listensOn: "0.0.0.0",
    };
    expect(serverNames({ ...facts, given: ["ozone.example"] })).toEqual([
      ...["ozone.example", "lab-1", "localhost", "127.0.0.1", "0:0:0:0:0:0:0:1", "10.0.0.7"],
    ]);
    for (const text of ["a b", "", "-x-", "1.2.3", "a..b", "x\n", "a,IP:1.2.3.4"])
      expect(isName(text), text).toBe(false);
  });

  it("write every IPv6 address as the 16 bytes that Node reads back", () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        expect(addressBytes(address)).toHaveLength(16);
        expect(canonical(canonical(address))).toBe(canonical(address));
        expect(addressBytes(canonical(address))).toEqual(addressBytes(address));
      }),
    );
    expect(canonical("::ffff:10.0.0.1")).toBe("0:0:0:0:0:FFFF:A00:1");
  });
});

describe("the certificates of a data folder", () => {
  let dataDir: string;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "ozone-certificates-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it("are made once with keys for their owner only, and a rotation keeps the CA and the names that were given", async () => {
    const files = certificateFiles(dataDir);
    const read = async () => [await readFile(files.ca, "utf8"), await readFile(files.server, "utf8")];
    const made = await ensureOwnCertificates({ dataDir, listensOn: "0.0.0.0", names: ["ozone.lab.example"] });
    expect(made).toEqual({ madeCa: true, replacedBecause: "there was none" });
    const first = await read();
    expect(await ensureOwnCertificates({ dataDir, listensOn: "0.0.0.0" })).toEqual({
      madeCa: false,
      replacedBecause: null,
    });
    expect(await read()).toEqual(first);
    await ensureOwnCertificates({ dataDir, listensOn: "", rotate: true });
    const [ca, server = ""] = await read();
    expect(ca).toBe(first[0]);
    expect(server).not.toBe(first[1]);
    expect(describeCertificate(server).names).toContain("ozone.lab.example");
    for (const file of [files.caKey, files.server]) expect((await stat(file)).mode & 0o777, file).toBe(0o600);
    expect((await stat(files.folder)).mode & 0o777).toBe(0o700);
  });

  it("refuse a name that is none with one sentence", async () => {
    const wrong = ensureOwnCertificates({ dataDir, listensOn: "", names: ["no name"] });
    await expect(wrong).rejects.toThrow('"no name" is no name for a certificate');
  });
});
