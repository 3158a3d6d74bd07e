// Whether somebody sits at this machine: systemd-logind knows its sessions, and desktops tell it when nobody has moved
// mouse or key for a while. Where there is no logind there are no sessions to know of.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunTool } from "../machine/run-tool.ts";

/** One session, as far as it matters whether somebody uses it. */
export interface DesktopSession {
  /** The one that is shown: others wait behind it. */
  readonly active: boolean;
  readonly locked: boolean;
  /** Null: can't be read. */
  readonly idle: boolean | null;
  /** When it became idle, in epoch milliseconds; null: not idle, or not said. */
  readonly idleSinceMs: number | null;
}

const GRAPHICAL = new Set(["x11", "wayland", "mir"]);
const ASKED = ["IdleHint", "IdleSinceHint", "LockedHint", "Active"];
const MICROSECONDS = 1_000;

/** "KEY=value" lines. */
const fieldsOf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    text.split("\n").flatMap((line) => {
      const end = line.indexOf("=");
      return end < 1 ? [] : [[line.slice(0, end), line.slice(end + 1).trim()] as const];
    }),
  );

/** Whether a session's file (/run/systemd/sessions/ID) is of a person at a screen: no greeter, no service, no ssh. */
function isDesktop(text: string): boolean {
  const fields = fieldsOf(text);
  const ofPerson = fields.get("CLASS")?.startsWith("user") === true && fields.get("STATE") !== "closing";
  return ofPerson && (GRAPHICAL.has(fields.get("TYPE") ?? "") || /^tty\d/.test(fields.get("TTY") ?? ""));
}

/** What `loginctl show-session` printed: a block of lines per session. */
export function sessionsOf(printed: string): DesktopSession[] {
  const blocks = printed.split(/\n\s*\n/).filter((block) => block.trim() !== "");
  return blocks.map((block) => {
    const fields = fieldsOf(block);
    const idle = fields.get("IdleHint");
    const since = Number(fields.get("IdleSinceHint") ?? 0);
    return {
      active: fields.get("Active") !== "no",
      locked: fields.get("LockedHint") === "yes",
      idle: idle === undefined ? null : idle === "yes",
      idleSinceMs: idle === "yes" && since > 0 ? since / MICROSECONDS : null,
    };
  });
}

/**
 * How long ago somebody used one of these, in milliseconds; null: nobody does, or it is not said when. A locked screen
 * has nobody before it. A desktop that never says that it is idle counts as used while it is open and not locked.
 */
export function desktopUsedAgoMs(sessions: readonly DesktopSession[], nowMs: number): number | null {
  const ages = sessions
    .filter(({ active, locked }) => active && !locked)
    .flatMap(({ idle, idleSinceMs }) => {
      if (idle !== true) return [0];
      return idleSinceMs === null ? [] : [Math.max(0, nowMs - idleSinceMs)];
    });
  return ages.length === 0 ? null : Math.min(...ages);
}

function desktopIds(folder: string): string[] {
  try {
    const ids = readdirSync(folder).filter((name) => /^\w+$/.test(name));
    return ids.filter((id) => isDesktop(readFileSync(join(folder, id), "utf8")));
  } catch {
    return []; // no logind, or a session ended between listing and reading: the next look tells
  }
}

const UNREADABLE: DesktopSession = { active: true, locked: false, idle: null, idleSinceMs: null };

/** The sessions of people at this machine's screens. Starts a program only while there is one. */
export async function readDesktopSessions(
  run: RunTool,
  folder = "/run/systemd/sessions",
): Promise<DesktopSession[]> {
  for (let tries = 0; tries < 2; tries += 1) {
    const ids = desktopIds(folder);
    if (ids.length === 0) return [];
    const words = ASKED.flatMap((name) => ["-p", name]);
    const output = await run("loginctl", ["show-session", ...ids, ...words]);
    if (output.ok) return sessionsOf(output.stdout);
  }
  // Somebody is logged in, and nobody can say whether they are there: they are not to be disturbed.
  return [UNREADABLE];
}
