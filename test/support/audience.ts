/** People and facts for tests of the audience: everything ordinary, but for what a test changes. */
import { type AudienceFacts, planAudience } from "#audience/plan.ts";
import type { People, Recipient, Subscription } from "#model/people.ts";
import type { Report } from "#model/report.ts";
import { instantOf } from "#model/time.ts";
import { reportNamed } from "./reports.ts";

export const nominal = instantOf(Date.UTC(2026, 10, 20, 6, 0));

export const recipient = (id: string, change: Partial<Recipient> = {}): Recipient => ({
  id,
  key: id,
  kind: "person",
  name: `Name ${id}`,
  email: `${id}@example.com`,
  alternateEmails: [],
  locale: null,
  zone: null,
  calendar: null,
  attributes: { region: "North" },
  active: true,
  validFrom: null,
  validUntil: null,
  pausedUntil: null,
  origin: null,
  ...change,
});

export const subscription = (change: Partial<Subscription>): Subscription => ({
  id: "1",
  report: "sales",
  label: "",
  recipientId: null,
  groupId: null,
  filters: null,
  attributes: {},
  split: null,
  formats: null,
  at: null,
  start: null,
  end: null,
  active: true,
  origin: null,
  place: null,
  ...change,
});

export const people = (change: Partial<People>): People => ({
  recipients: [],
  groups: [],
  subscriptions: [],
  copies: [],
  suppressions: [],
  ...change,
});

export const facts = (
  who: People,
  report: Report = reportNamed("sales"),
  change: Partial<AudienceFacts> = {},
): AudienceFacts => ({
  report,
  mode: "live",
  slot: { nominal, zone: "Europe/Berlin", schedule: report.schedule.at },
  people: who,
  holidays: {},
  expiresAt: nominal.add({ hours: 12 }),
  ...change,
});

export const one = (change: Partial<Recipient>, claim: Partial<Subscription> = {}, more: Partial<People> = {}) =>
  planAudience(
    facts(
      people({
        recipients: [recipient("a", change)],
        subscriptions: [subscription({ recipientId: "a", ...claim })],
        ...more,
      }),
    ),
  )[0];
