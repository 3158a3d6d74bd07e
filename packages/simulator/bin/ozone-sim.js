#!/usr/bin/env node
import { existsSync } from "node:fs";

const built = new URL("../dist/main.js", import.meta.url);
if (!existsSync(built)) {
  process.stderr.write("Ozone is not built yet. Run `npm run build` in the repository root first.\n");
  process.exit(1);
}
await import(built.href);
