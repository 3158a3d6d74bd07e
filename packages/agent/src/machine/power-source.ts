// Mains or battery. A benchmark on battery measures the battery's manners, so the agent does not run one unasked.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onPlatform } from "@ozone/shared/platform";
import { askBattery, type Notes } from "./system-information.ts";

/** Where the machine draws its power from. */
export type PowerSource = "mains" | "battery" | "unknown";

/** One entry of /sys/class/power_supply. */
export type PowerSupply = { type: string; online: string; status: string; scope: string };

/**
 * Decides from the power supplies that Linux lists. A discharging battery of the machine itself means battery, unless
 * a charger is online; without any battery or charger listed it is unknown (virtual machines, containers).
 */
export function powerSourceOf(supplies: readonly PowerSupply[]): PowerSource {
  const own = supplies.filter((supply) => supply.scope !== "Device"); // a mouse has a battery as well
  const chargers = own.filter((supply) => supply.type === "Mains" || supply.type.startsWith("USB"));
  if (chargers.some((supply) => supply.online === "1")) return "mains";
  const batteries = own.filter((supply) => supply.type === "Battery");
  if (batteries.some((supply) => supply.status === "Discharging")) return "battery";
  if (batteries.length > 0) return "mains";
  return chargers.some((supply) => supply.type === "Mains" && supply.online === "0") ? "battery" : "unknown";
}

/** Reads the power source of this machine. */
export const readPowerSource = (
  notes: Notes,
  folder = "/sys/class/power_supply",
  platform: string = process.platform,
): Promise<PowerSource> =>
  onPlatform(platform, {
    linux: () => readSupplies(notes, folder),
    macos: () => askSystem(notes),
    windows: () => askSystem(notes),
    other: () => askSystem(notes),
  })();

async function askSystem(notes: Notes): Promise<PowerSource> {
  const battery = await askBattery(notes);
  if (battery === null) return "unknown";
  return !battery.present || battery.onMains ? "mains" : "battery";
}

async function readSupplies(notes: Notes, folder: string): Promise<PowerSource> {
  const names = await readdir(folder).catch(() => []); // no such folder where the kernel knows no supplies
  const supplies = await Promise.all(names.map((name) => readSupply(join(folder, name))));
  const source = powerSourceOf(supplies);
  if (source === "unknown")
    notes.push("The power source is unknown: the system lists no battery and no charger.");
  return source;
}

async function readSupply(folder: string): Promise<PowerSupply> {
  const read = (name: string) =>
    readFile(join(folder, name), "utf8").then(
      (text) => text.trim(),
      () => "",
    ); // optional files
  const [type, online, status, scope] = await Promise.all(["type", "online", "status", "scope"].map(read));
  return { type: type ?? "", online: online ?? "", status: status ?? "", scope: scope ?? "" };
}
