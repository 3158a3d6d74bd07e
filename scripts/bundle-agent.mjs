// npm run bundle: dist/ozone-agent.mjs, one file that runs with Node alone. Another place: --out FILE.
import { bundleOneFile } from "./one-file.mjs";

// Asked for by systeminformation.
await bundleOneFile("agent", ["osx-temperature-sensor", "macos-temperature-sensor"]);
