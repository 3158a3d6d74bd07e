// npm run bundle:coordinator: dist/ozone-coordinator.mjs, one file that runs with Node alone, beside an external Postgres
// and NATS (docs/deploying.md). Another place: --out FILE.
import { bundleOneFile } from "./one-file.mjs";

// Asked for by pg.
await bundleOneFile("coordinator", ["pg-native"]);
