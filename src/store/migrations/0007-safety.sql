-- ---------------------------------------------------------------- alerts that reach somebody

-- What was open before told its channels in a way that left no trace. It is closed here, and what still holds is opened anew.
alter table alerts add column recipient text;
alter table alerts add column settled_at timestamptz;
update alerts set recovered_at = coalesce(recovered_at, now()), settled_at = now();
comment on column alerts.recipient is 'Address of whom it concerns by email; null: the operators.';
comment on column alerts.settled_at is 'Nothing of it has to be told any more.';
create index alerts_unsettled on alerts (id) where settled_at is null;

-- One row for each thing that a channel has to tell: written before the try, and offered again until it was taken.
create table alert_tellings (
  alert_id bigint not null references alerts on delete cascade,
  kind text not null check (kind in ('opened', 'recovered')),
  channel text not null,
  tries integer not null default 1,
  not_before timestamptz not null,
  told_at timestamptz,
  words text,
  primary key (alert_id, kind, channel)
);
comment on column alert_tellings.words is 'Why the last try failed.';

-- The watch asks for these at each round, and they grow with the years.
create index deliveries_troubled on deliveries (created_at) where state in ('failed', 'uncertain', 'expired');
create index attempts_recent on attempts (finished_at);

-- ---------------------------------------------------------------- a copied database mails nobody

alter table installation add column adopted_at timestamptz;
alter table installation add column adopted_by text;
alter table installation add column cluster text;
comment on column installation.adopted_at is 'Null: nobody has claimed this database yet; whoever starts first does.';
comment on column installation.cluster is 'Which server and database this row was adopted in: a copy of it elsewhere is not ours.';

-- ---------------------------------------------------------------- the kill switch

create table stops (
  id bigint generated always as identity primary key,
  report text not null,
  slot_id bigint references slots,
  reason text not null,
  by text not null,
  at timestamptz not null,
  in_flight jsonb not null default '{}',
  lifted_at timestamptz,
  lifted_by text
);
comment on column stops.slot_id is 'Null: all of the report, also what comes due while it holds.';
create index stops_holding on stops (report) where lifted_at is null;

alter table slots add column stopped_at timestamptz;
alter table deliveries add column stopped_at timestamptz;
create index deliveries_stopped on deliveries (report) where stopped_at is not null;

-- ---------------------------------------------------------------- a first wave, corrections, the outgoing ping

alter table slots add column wave text check (wave in ('first', 'released'));
comment on column slots.wave is 'first: only its first wave may go out. released: the rest may, too. Null: it has none.';
alter table deliveries add column waits_for_wave boolean not null default false;

create table corrections (
  slot_id bigint not null references slots,
  n integer not null check (n > 0),
  reason text not null,
  by text not null,
  at timestamptz not null,
  primary key (slot_id, n),
  unique (slot_id, reason)
);
alter table deliveries add column correction jsonb check (jsonb_typeof(correction) = 'object');
comment on column deliveries.correction is 'The delivery that it corrects, its Message-ID, and why: {of, messageId, reason}.';

alter table slots add column pinged_at timestamptz;
update slots set pinged_at = now() where state in ('closed', 'skipped');
create index slots_unpinged on slots (id) where state in ('closed', 'skipped') and pinged_at is null;
