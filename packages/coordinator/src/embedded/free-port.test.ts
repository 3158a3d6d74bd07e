import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { isPortFree, pickFreePort } from "./free-port.ts";

describe("a free port", () => {
  it("lies below the range that the system gives to outgoing connections", async () => {
    const port = await pickFreePort();
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(32_768);
    expect(await isPortFree(port)).toBe(true);
  });

  it("is not one that somebody listens on", async () => {
    const taken = await pickFreePort();
    const server = createServer().listen(taken, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    try {
      expect(await isPortFree(taken)).toBe(false);
      const draws = [(taken - 20_000 + 0.5) / 12_768, 0.25];
      expect(await pickFreePort(() => draws.shift() ?? Math.random())).not.toBe(taken);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
