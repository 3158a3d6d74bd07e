import fc from "fast-check";
import { expect, it } from "vitest";
import { jsonText } from "./json-text.ts";

it("JSON for people to look at is the same value, without a character that a terminal or an editor obeys", () => {
  const unseen = /(?!\n)[\p{Cc}\p{Cf}]/u;
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const document = { value, text, worst: "\u001b[31m\u009b\u202e\u200b\u2028" };
      for (const layout of ["indented", "line"] as const) {
        const written = jsonText(document, layout);
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(document)));
        expect(written).not.toMatch(unseen);
      }
      expect(jsonText(document, "line")).not.toContain("\n");
    }),
  );
});
