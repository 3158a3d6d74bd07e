// Column kinds that several tables use.
import { customType, timestamp } from "drizzle-orm/pg-core";

/** Raw bytes: protobuf messages are kept exactly as they came. */
export const bytea = customType<{ data: Uint8Array; driverData: Buffer }>({
  dataType: () => "bytea",
  toDriver: (value) => Buffer.from(value),
  fromDriver: (value) => new Uint8Array(value),
});

/** A point in time by Postgres' clock: the only clock that leases and orderings use. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
