// What this host says of whose it is: its names, the accounts of people, their home folders. Nothing of it may stand in a result.
import { readdirSync, readFileSync } from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import { dirname } from "node:path";
import { type Cleaner, type Owner, ownerCleaner } from "@ozone/shared/without-owner";

/** Hosts with more accounts than this keep them elsewhere. */
const ACCOUNTS_MAX = 500;
/** Numbers of people's accounts: below are services, above nobody. */
const PEOPLE = { from: 1_000, below: 60_000 };
const SHARED_HOMES = new Set(["public", "shared", "default", "default user", "all users", "lost+found"]);

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Text of a file, or nothing where it can't be read. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // no such file off Linux
  }
}

/** Accounts of people, and their home folders, as /etc/passwd has them. */
export function peopleOf(passwd: string): { readonly name: string; readonly home: string }[] {
  return passwd
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, , id = ""]) => Number(id) >= PEOPLE.from && Number(id) < PEOPLE.below)
    .slice(0, ACCOUNTS_MAX)
    .map(([name = "", , , , , home = ""]) => ({ name, home }));
}

function ownName(): string[] {
  try {
    return [userInfo().username];
  } catch {
    return []; // a number without an account
  }
}

/** Names of the home folders beside our own: where there is no /etc/passwd, or it does not hold everybody. */
function besideUs(): string[] {
  const folder = dirname(homedir());
  if (!/[\\/](?:home|Users)$/.test(folder)) return [];
  try {
    return readdirSync(folder)
      .filter((name) => !SHARED_HOMES.has(name.toLowerCase()))
      .slice(0, ACCOUNTS_MAX);
  } catch {
    return []; // not ours to read
  }
}

function hostOf(engineUrl: string): string[] {
  const { hostname: host } = new URL(engineUrl);
  return LOOPBACK.test(host) ? [] : [host];
}

/** All that is known; `machineName` is what its owner calls it. */
function ownerHere(engineUrl: string, machineName: string): Owner {
  const people = peopleOf(textOf("/etc/passwd"));
  const host = hostname();
  return {
    machineNames: [machineName, host, host.split(".")[0] ?? ""],
    userNames: [...ownName(), ...people.map(({ name }) => name), ...besideUs()],
    hosts: hostOf(engineUrl),
    // Of an account without a home it is "/", and "/root" tells nothing that "/root/..." does not.
    homes: [homedir(), ...people.map(({ home }) => home)].filter((home) => home.split(/[\\/]/).length > 2),
  };
}

const cleaners = new Map<string, Cleaner>();

/** The cleaner of this host; made once, since accounts seldom come and go. */
export function cleanerHere(engineUrl: string, machineName = ""): Cleaner {
  const key = JSON.stringify([engineUrl, machineName]);
  const known = cleaners.get(key);
  if (known !== undefined) return known;
  const made = ownerCleaner(ownerHere(engineUrl, machineName));
  // A managed server has a port of its own each time, but its result is cleaned with the URL of the user's server.
  if (cleaners.size < 16) cleaners.set(key, made);
  return made;
}
