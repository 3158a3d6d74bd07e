import { describe, expect, it } from "vitest";
import { installAdvice } from "./nats-binary.ts";

describe("the advice without nats-server", () => {
  it("names the installer of each system, and the way around", () => {
    expect(installAdvice("darwin")).toContain("brew install nats-server");
    expect(installAdvice("win32")).toMatch(/winget install|scoop install/);
    expect(installAdvice("linux")).toContain("apt-get install nats-server");
    expect(installAdvice("freebsd")).toContain("OZONE_NATS_URL");
  });
});
