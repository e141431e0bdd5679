import type { DeliveryDraft } from "#model/delivery.ts";

/**
 * Several reports of one bundle become one delivery per person, label and address; what is skipped stays by itself. No two of a person
 * share report and label, or one of them would never be recorded: the first goes by the leader's name, one to another address by its own.
 */
export const bundle = (drafts: readonly DeliveryDraft[], leader: string): readonly DeliveryDraft[] => {
  const owed = Map.groupBy(
    drafts.filter((one) => one.skip === null),
    (one) => JSON.stringify([one.recipientId, one.label, one.envelope]),
  );
  const led = new Set<string>();
  const whole = [...owed.values()].map((group) => {
    const [first, ...rest] = group;
    if (first === undefined) return [];
    const who = whoOf(first);
    const report = led.has(who) ? first.report : leader;
    led.add(who);
    return [rest.reduce(joined, { ...first, report })];
  });
  // A skip of the leader's own part is told by its missing in what goes out under the leader's name.
  const skips = drafts.filter((one) => one.skip !== null && !(one.report === leader && led.has(whoOf(one))));
  return [...skips, ...whole.flat()];
};

const whoOf = ({ recipientId, label }: DeliveryDraft): string => JSON.stringify([recipientId, label]);

const joined = (all: DeliveryDraft, one: DeliveryDraft): DeliveryDraft => ({
  ...all,
  formats: [...new Set([...all.formats, ...one.formats])],
  parts: [...all.parts, ...one.parts],
});
