// npm run deploy:secrets -- FOLDER: passwords for deploy/compose and deploy/kubernetes, as files that are not committed.
// What is there stays as it is. --bus HOST and --database HOST name them otherwise than `nats` and `postgres`.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bus: { type: "string", default: "nats" },
    database: { type: "string", default: "postgres" },
  },
});
const [folder] = positionals;
if (!folder || positionals.length > 1) {
  process.stderr.write("Write `npm run deploy:secrets -- FOLDER [--bus HOST] [--database HOST]`.\n");
  process.exit(2);
}
if (existsSync(folder)) {
  process.stderr.write(`${folder} is there already; remove it to make new passwords.\n`);
  process.exit(1);
}

const newPassword = () => randomBytes(24).toString("hex");
const [database, coordinator, agents] = [newPassword(), newPassword(), newPassword()];

/**
 * All agents of a cluster come with one password: each may do on the bus what any of them may, and nothing of the
 * coordinator's. A machine that enrols has a key and subjects of its own instead (`ozone-coordinator bus-users`).
 */
const busUsers = `authorization {
  users: [
    { user: "ozone", password: "${coordinator}" }
    {
      user: "agents", password: "${agents}"
      permissions: {
        publish: { allow: [
          "ozone.v1.result.*", "ozone.v1.heartbeat.*", "ozone.v1.announce.*", "ozone.v1.applying.*",
          "$JS.API.CONSUMER.INFO.OZONE_WORK.*", "$JS.API.CONSUMER.MSG.NEXT.OZONE_WORK.*", "$JS.ACK.OZONE_WORK.>"
        ] }
        subscribe: { allow: ["ozone.v1.receipt.*", "_INBOX.>"] }
      }
    }
  ]
}
`;

/** The folder is closed; inside a container each file is seen by programs of several users. */
const files = {
  "postgres.env": `POSTGRES_USER=ozone\nPOSTGRES_DB=ozone\nPOSTGRES_PASSWORD=${database}\n`,
  "coordinator.env": [
    `OZONE_DATABASE_URL=postgres://ozone:${database}@${values.database}:5432/ozone\n`,
    `OZONE_NATS_URL=nats://ozone:${coordinator}@${values.bus}:4222\n`,
  ].join(""),
  "agent.env": `OZONE_NATS_URL=nats://agents:${agents}@${values.bus}:4222\n`,
  "bus-users.conf": busUsers,
};
mkdirSync(folder, { recursive: true, mode: 0o700 });
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
process.stdout.write(`${resolve(folder)}: ${Object.keys(files).join(", ")}\n`);
