import { expect, it } from "vitest";
import { bareDigest } from "./model-digest.ts";

it("compares digests without their algorithm", () => {
  expect(bareDigest("sha256:ABC")).toBe("abc");
  expect(bareDigest("abc")).toBe("abc");
});
