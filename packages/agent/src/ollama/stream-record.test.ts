import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { StreamRecorder } from "./stream-record.ts";

const recorded = (lines: readonly string[]) => {
  const recorder = new StreamRecorder(100);
  const passedOn = lines.map((line, index) => recorder.add(line, 101 + index));
  return { record: recorder.record(), passedOn };
};

describe("the stream recorder", () => {
  it("notes when each text came and keeps the line with done", () => {
    const { record, passedOn } = recorded([
      '{"response":"a"}',
      '{"response":"bc"}',
      '{"response":"","done":true,"x":1}',
    ]);
    expect(record).toMatchObject({
      startedAtMs: 100,
      textTimesMs: [101, 102],
      textBytes: 3,
      doneAtMs: 103,
      lines: 3,
    });
    expect(record.done).toEqual({ response: "", done: true, x: 1 });
    expect(record.problems).toEqual([]);
    expect(passedOn).toEqual([false, false, true]);
  });

  it("counts text of a thinking model as text", () => {
    expect(recorded(['{"thinking":"hm","response":""}']).record.textTimesMs).toEqual([101]);
  });

  it("shows the client no line after done, and counts them", () => {
    const { record, passedOn } = recorded(['{"done":true}', '{"response":"late"}', '{"done":true}']);
    expect(passedOn).toEqual([true, false, false]);
    expect(record.linesAfterDone).toBe(2);
    expect(record.textTimesMs).toEqual([]);
  });

  it.each([
    ["{not json", "not JSON"],
    ["[1]", "not an object"],
    ["null", "not an object"],
    ['{"response":7}', "number instead of text"],
    ['{"done":"yes"}', "instead of true or false"],
  ])("takes note of %s", (line, words) => {
    expect(recorded([line]).record.problems.join()).toContain(words);
  });

  it("keeps the server's error, also one that is no text", () => {
    expect(recorded(['{"error":"boom"}']).record.error).toBe("boom");
    expect(recorded(['{"error":{"code":400}}']).record.error).toBe('{"code":400}');
  });

  it("takes any line without throwing, and keeps few complaints", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
        const { record } = recorded(lines);
        expect(record.problems.length).toBeLessThanOrEqual(8);
        expect(record.lines).toBeLessThanOrEqual(lines.length);
      }),
    );
  });
});
