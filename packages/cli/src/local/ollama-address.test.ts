import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ollamaUrl } from "./ollama-address.ts";

describe("ollamaUrl()", () => {
  it("reads every form that Ollama reads", () => {
    expect(ollamaUrl("127.0.0.1:11434")).toBe("http://127.0.0.1:11434");
    expect(ollamaUrl("box")).toBe("http://box:11434");
    expect(ollamaUrl(":8080")).toBe("http://127.0.0.1:8080");
    expect(ollamaUrl("http://box")).toBe("http://box:80");
    expect(ollamaUrl("https://box/ollama/")).toBe("https://box:443/ollama");
    expect(ollamaUrl(' "0.0.0.0:1234" ')).toBe("http://127.0.0.1:1234");
    expect(ollamaUrl("[::1]:99")).toBe("http://[::1]:99");
    expect(ollamaUrl("")).toBe("http://127.0.0.1:11434");
  });

  it("refuses what is no address", () => {
    for (const host of ["ftp://box", "box:99999", "a b", "http://", "box:port", "box:80:80"]) {
      expect(() => ollamaUrl(host), host).toThrow(/OLLAMA_HOST/);
    }
  });

  it("gives a URL or refuses with a sentence, whatever the text is", () => {
    fc.assert(
      fc.property(fc.string(), (host) => {
        try {
          expect(URL.canParse(ollamaUrl(host))).toBe(true);
        } catch (thrown) {
          expect(String(thrown)).toContain("OLLAMA_HOST");
        }
      }),
    );
  });
});
