import { describe, expect, it } from "vitest";
import { postgresArguments } from "./postgres-launch.ts";

describe("what Postgres is started with", () => {
  it("never turns off durability, and listens on 127.0.0.1 only", () => {
    const words = postgresArguments("/c", 1).join(" ");
    expect(words).toMatch(/^-D \/c -c listen_addresses=127\.0\.0\.1 -c port=1 -c unix_socket_directories= /);
    expect(words).not.toMatch(/fsync|synchronous_commit|full_page_writes/);
  });
});
