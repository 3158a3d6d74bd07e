import { describe, expect, it } from "vitest";
import { fingerprintText, parseFingerprint } from "./fingerprint.ts";

describe("the fingerprint of a certificate", () => {
  it("is read in every form in which tools write it, and in no other", () => {
    const nodes = Array.from({ length: 32 }, (_, byte) => (byte + 160).toString(16).toUpperCase()).join(":");
    const text = fingerprintText(nodes);
    expect(text).toMatch(/^sha256:a0a1a2[0-9a-f]{58}$/);
    for (const typed of [
      nodes,
      text,
      text.slice(7),
      `SHA256:${nodes}`,
      `sha256=${text.slice(7)}`,
      ` ${text}\n`,
    ])
      expect(parseFingerprint(typed), typed).toBe(text);
    for (const typed of [
      "",
      "sha256:",
      text.slice(0, -1),
      `${text}0`,
      text.replace("a", "g"),
      `md5:${text.slice(7)}`,
    ])
      expect(parseFingerprint(typed), typed).toBeNull();
  });
});
