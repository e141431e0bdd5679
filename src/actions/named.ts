/** Finds what an operator names, or says what there is instead. */
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import { nearestTo } from "#model/nearest.ts";
import type { Recipient } from "#model/people.ts";
import type { Db } from "#store/db.ts";
import { deliveryById } from "#store/deliveries.ts";
import { allRecipients, recipientByKey } from "#store/people.ts";
import { allReports, type KnownReport, reportByName } from "#store/reports.ts";

/** The report of that name. Throws `store.not-found` naming the nearest, or all there are. */
export const reportNamed = async (name: string, db: Db): Promise<KnownReport> => {
  const known = await reportByName(db, name);
  return (
    known ??
    refuseReport(
      name,
      (await allReports(db)).map(({ report }) => report.name),
    )
  );
};

/** Says which reports there are instead. */
export const refuseReport = (name: string, names: readonly string[]): never => {
  const near = nearestTo(name, names);
  const all = names.length === 0 ? "the configuration has no reports" : `there are: ${names.join(", ")}`;
  const hint = near === null ? all : `did you mean “${near}”?`;
  throw new Fault("store.not-found", `There is no report “${name}”.`, { hint });
};

/** The recipient of that key or address. Throws `store.not-found` naming the nearest. */
export const recipientNamed = async (key: string, db: Db): Promise<Recipient> => {
  const recipient = await recipientByKey(db, key);
  if (recipient !== null) return recipient;
  const known = (await allRecipients(db)).flatMap((one) => [one.key, one.email]).filter((word) => word !== "");
  const near = nearestTo(key, known);
  const hint = near === null ? "see them all: daybreak recipients list" : `did you mean “${near}”?`;
  throw new Fault("store.not-found", `There is no recipient “${key}”.`, { hint });
};

/** The delivery of that id. Throws `store.not-found`. */
export const deliveryNamed = async (id: string, db: Db): Promise<Delivery> => {
  const delivery = /^\d{1,18}$/.test(id) ? await deliveryById(db, id) : null;
  if (delivery !== null) return delivery;
  throw new Fault("store.not-found", `There is no delivery “${id}”.`, { hint: "see them: daybreak deliveries list" });
};
