// Reads what the GPUs do while a sample runs. NVIDIA's tool is started once and prints in a loop, since starting it
// costs more than asking; AMD cards are read from /sys, Apple's through ioreg.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onPlatform } from "@ozone/shared/platform";
import { openAmdGauge } from "./gpu-amd-gauge.ts";
import { readAppleUse } from "./gpu-apple.ts";
import { type GpuUse, NVIDIA_LOOP_ARGS, nvidiaPlaces, nvidiaRowMs, parseNvidiaUse } from "./gpu-nvidia.ts";
import { runTool } from "./run-tool.ts";

/** Called with each reading and its time; times of one source compare with each other. */
export type OnGpuUse = (source: string, use: GpuUse[], atMs: number) => void;

/** A watch that runs. */
export type GpuWatch = { stop(): void };

/** Reading AMD's files may ask the card's controller, which takes a millisecond. */
const AMD_EVERY_MS = 1000;
const IOREG_EVERY_MS = 2000;

/** Starts what this system has; a machine without GPUs costs nothing. */
export function watchGpus(onUse: OnGpuUse, platform: string = process.platform): GpuWatch {
  const watches = onPlatform<readonly ((on: OnGpuUse) => GpuWatch)[]>(platform, {
    linux: [watchNvidia, watchAmd],
    windows: [watchNvidia],
    macos: [watchApple],
    other: [watchNvidia],
  }).map((start) => start(onUse));
  return { stop: () => watches.forEach((watch) => void watch.stop()) };
}

/** Once the tool was not found it is not looked for again by this process. */
let nvidiaMissing = false;
const NOTHING: GpuWatch = { stop: () => undefined };

/** Whether a watch that has said nothing so far may only have been too slow. */
export const gpusMayAnswer = (): boolean => !nvidiaMissing;

function watchNvidia(onUse: OnGpuUse): GpuWatch {
  if (nvidiaMissing) return NOTHING;
  let child: ChildProcess | null = null;
  let stopped = false;
  const start = ([place, ...others]: readonly string[]): void => {
    nvidiaMissing = place === undefined;
    if (place === undefined || stopped) return;
    child = startNvidia(place, onUse).once("error", () => start(others));
  };
  start(nvidiaPlaces());
  return {
    stop() {
      stopped = true;
      child?.kill("SIGKILL");
    },
  };
}

function startNvidia(place: string, onUse: OnGpuUse): ChildProcess {
  const env = { ...process.env, LC_ALL: "C", LANG: "C" };
  const child = spawn(place, NVIDIA_LOOP_ARGS, {
    env,
    stdio: ["ignore", "pipe", "ignore"],
    windowsHide: true,
  });
  child.unref();
  if (child.stdout !== null) readRows(createInterface({ input: child.stdout }), onUse);
  return child;
}

/** The first line names the columns; each other one is a GPU at a moment. */
export function readRows(
  lines: { on(event: "line", listener: (line: string) => void): unknown },
  onUse: OnGpuUse,
): void {
  let head: string | null = null;
  lines.on("line", (line) => {
    if (head === null) {
      head = line;
      return;
    }
    const use = parseNvidiaUse(`${head}\n${line}`);
    if (use.length > 0) onUse("nvidia", use, nvidiaRowMs(line) ?? performance.now());
  });
}

function watchAmd(onUse: OnGpuUse): GpuWatch {
  const gauge = amdGauge();
  if (gauge === null) return NOTHING;
  const read = () => onUse("amd", gauge.read(), performance.now());
  read();
  const timer = setInterval(read, AMD_EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}

let openedAmd: ReturnType<typeof openAmdGauge> | undefined;
function amdGauge() {
  if (openedAmd === undefined) openedAmd = openAmdGauge();
  return openedAmd;
}

function watchApple(onUse: OnGpuUse): GpuWatch {
  const read = async () => {
    const use = await readAppleUse(runTool);
    if (use !== null) onUse("apple", use, performance.now());
  };
  void read();
  const timer = setInterval(() => void read(), IOREG_EVERY_MS).unref();
  return { stop: () => clearInterval(timer) };
}
