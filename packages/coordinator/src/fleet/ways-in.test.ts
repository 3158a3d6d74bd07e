import { describe, expect, it } from "vitest";
import { type BusFacts, busUrlFor, enrolHost } from "./ways-in.ts";

const bus: BusFacts = { url: "tls://127.0.0.1:4222", listens: "everywhere", advertised: null };
const from = (authority: string) => ({ isOutside: true, authority });
const refused =
  /listens on its own machine only, .* OZONE_NATS_LISTEN=0.0.0.0:4222 there; the token is not used up/;

describe("where a machine finds the bus", () => {
  it("is the name by which it reached the coordinator, with the port of the bus", () => {
    expect(busUrlFor(bus, from("ozone.lab.example:7464"))).toBe("tls://ozone.lab.example:4222");
    expect(busUrlFor(bus, from("10.1.2.3:7464"))).toBe("tls://10.1.2.3:4222");
    expect(busUrlFor(bus, from("[2001:db8::1]:7464"))).toBe("tls://[2001:db8::1]:4222");
    expect(busUrlFor(bus, from("ozone.lab.example"))).toBe("tls://ozone.lab.example:4222");
  });

  it("is what the owner advertises, where they do, and loopback for who came by loopback", () => {
    const advertised = { ...bus, listens: "on loopback" as const, advertised: "relay.lab.example:4223" };
    expect(busUrlFor(advertised, from("10.1.2.3:7464"))).toBe("tls://relay.lab.example:4223");
    expect(busUrlFor(advertised, { isOutside: false, authority: "127.0.0.1:7464" })).toBe(bus.url);
    const external = { url: "nats://nats.lab.example:4222", listens: null, advertised: null };
    expect(busUrlFor(external, from("10.1.2.3:7464"))).toBe(external.url);
  });

  it("is nowhere when the bus is on loopback, when it speaks no TLS, or when the name is none", () => {
    const local = { ...bus, listens: "on loopback" as const };
    expect(() => busUrlFor(local, from("10.1.2.3:7464"))).toThrow(refused);
    expect(busUrlFor(local, from("127.0.0.1:7464"))).toBe("tls://127.0.0.1:4222");
    expect(() => busUrlFor({ ...local, url: "nats://127.0.0.1:4222" }, from("127.0.0.1:7464"))).toThrow(
      refused,
    );
    for (const hostile of ["", "a b:1", "evil.example/x:1", "u:p@evil.example:1", "\n:1"])
      expect(() => busUrlFor(bus, from(hostile)), hostile).toThrow(refused);
  });
});

describe("the host that a machine is told to enrol at", () => {
  it("is the one listened on, else the first name of the certificate that others know", () => {
    expect(enrolHost("10.1.2.3", ["other"], "host")).toBe("10.1.2.3");
    expect(
      enrolHost("0.0.0.0", ["*.lab.example", "localhost", "127.0.0.1", "ozone.lab.example"], "host"),
    ).toBe("ozone.lab.example");
    expect(enrolHost("::", ["localhost", "2001:DB8:0:0:0:0:0:1"], "host")).toBe("[2001:DB8:0:0:0:0:0:1]");
    expect(enrolHost("0.0.0.0", [], "host")).toBe("host");
  });
});
