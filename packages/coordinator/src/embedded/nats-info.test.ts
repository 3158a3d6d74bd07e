import { describe, expect, it } from "vitest";
import { parseInfo } from "./nats-info.ts";

describe("the greeting of a server", () => {
  it("tells name, version and JetStream", () => {
    const line = 'INFO {"server_name":"a","version":"2.9.10","jetstream":true,"tls_required":true}';
    expect(parseInfo(line)).toEqual({ name: "a", version: "2.9.10", jetstream: true, tlsRequired: true });
    expect(parseInfo('INFO {"version":"2.9.10"}')).toEqual({
      name: "",
      version: "2.9.10",
      jetstream: false,
      tlsRequired: false,
    });
  });

  it("is null when it isn't NATS that answers", () => {
    for (const line of ["HTTP/1.1 400 Bad Request", "INFO hello", ""]) expect(parseInfo(line)).toBeNull();
  });
});
