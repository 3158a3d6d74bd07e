// Whether this system has Linux's /proc and /sys: the one decision that most readings of a machine depend on.
import { onPlatform } from "@ozone/shared/platform";

/** True on Linux only; other systems' readings go through their tools. */
export const hasProc = (platform: string = process.platform): boolean =>
  onPlatform(platform, { linux: true, macos: false, windows: false, other: false });
