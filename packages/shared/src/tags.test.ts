import { describe, expect, it } from "vitest";
import { isTag, requireCarried, requireTags, TAG_CHARACTERS_MAX, withTags } from "./tags.ts";

const longest = "a".repeat(TAG_CHARACTERS_MAX);

describe("a tag", () => {
  it.each(["a", "7", "lab-a", "room_1.2", "gpu.rtx-4090", longest])("may be %s", (text) => {
    expect(isTag(text)).toBe(true);
    expect(() => requireTags([text])).not.toThrow();
  });

  it.each(["", "-a", ".a", "_a", "Lab", "a b", "a,b", "ä", "a\n", "a\u0000", "--all", "%s", `${longest}a`])(
    "may not be %j, and one sentence says what may be",
    (text) => {
      expect(isTag(text)).toBe(false);
      expect(() => requireTags(["ok", text])).toThrow(
        /^A tag must be 1 to 40 of a-z, 0-9, "-", "_" and "\.", a letter or a digit first; ".*" is none\.$/,
      );
    },
  );
});

describe("machines by their tags", () => {
  const [both, one, none] = [{ tags: ["a", "b"] }, { tags: ["a"] }, { tags: [] }];

  it("are those that carry all of them, and all machines where none is asked for", () => {
    expect(withTags([both, one, none], ["a"], "known")).toEqual([both, one]);
    expect(withTags([both, one, none], ["b", "a"], "known")).toEqual([both]);
    expect(withTags([both, one, none], [], "known")).toEqual([both, one, none]);
    expect(withTags([], [], "known")).toEqual([]);
  });

  it.each([
    [[both, one], ["c", "a"], 'carries the tag "c" (tags there: a, b);'],
    [[one, { tags: ["b"] }], ["a", "b"], 'carries all of the tags "a", "b" (tags there: a, b);'],
    [[none], ["a"], 'carries the tag "a" (none has a tag);'],
    [
      [{ tags: Array.from({ length: 12 }, (_, index) => `t${10 + index}`) }],
      ["a"],
      'carries the tag "a" (tags there: t10, t11, t12, t13, t14, t15, t16, t17 and 4 more);',
    ],
  ])("are refused in one sentence that says what there is: %j by %j", (machines, asked, words) => {
    expect(() => withTags(machines, asked, "online")).toThrow(`No machine that is online ${words}`);
  });

  it("are not dropped in silence when they were named and don't carry them", () => {
    expect(() => requireCarried([both], ["a"], () => "lab-1")).not.toThrow();
    expect(() => requireCarried([both, one], ["a", "b"], ({ tags }) => `the one with ${tags}`)).toThrow(
      'the one with a does not carry the tag "b"; name other machines or other tags (`ozone machine list`).',
    );
  });
});
