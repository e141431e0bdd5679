import { refuseReport } from "#actions/named.ts";
import type { Delivery } from "#model/delivery.ts";
import { Fault } from "#model/fault.ts";
import { type DeliveryQuery, listDeliveries } from "#store/deliveries.ts";
import type { Pool } from "#store/pool.ts";
import { allReports } from "#store/reports.ts";

/** Deliveries, newest first. A report that there never was is a mistake, not an empty list. */
export const listed = async (ask: Omit<DeliveryQuery, "occasion">, pool: Pool): Promise<readonly Delivery[]> => {
  if (ask.slotId !== null && !/^\d{1,18}$/.test(ask.slotId)) {
    throw new Fault("usage", `“${ask.slotId}” is no slot.`, {
      hint: "slots are numbers; see: daybreak deliveries show",
    });
  }
  const deliveries = await listDeliveries(pool, { ...ask, occasion: null });
  if (deliveries.length > 0 || ask.report === null) return deliveries;
  const names = (await allReports(pool)).map(({ report }) => report.name);
  return names.includes(ask.report) ? deliveries : refuseReport(ask.report, names);
};
