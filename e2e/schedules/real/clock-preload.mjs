// Preloaded into an agent (node --import): its wall clock is off by what a file says, read again and again, so that it can
// be stepped while the agent runs. Only Date is changed: performance.now, timers and the kernel's clocks go on as before.
import { readFileSync } from "node:fs";

const file = process.env.OZONE_SCHEDULE_CLOCK ?? "";
const RealDate = Date;
const LOOK_EVERY_MS = 100;
let offsetMs = 0;

function look() {
  try {
    offsetMs = Number(readFileSync(file, "utf8")) || 0;
  } catch {
    offsetMs = 0; // No file: the clock is right.
  }
}
if (file !== "") {
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
}

const now = () => RealDate.now() + offsetMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, words, asked) => Reflect.construct(target, words.length === 0 ? [now()] : words, asked),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === "now" ? now : Reflect.get(target, name, receiver)),
});
