-- The people, the reports, and the states of house rules: uniqueness and legal moves are constraints here, so that no code path can break them.
-- Addresses, zones and filter names are deliberately unconstrained: they are judged when planned, so that one bad row stops only itself.

create table installation (
  one boolean primary key default true check (one),
  id uuid not null default gen_random_uuid(),
  created_at timestamptz not null default now()
);
insert into installation default values;

-- ---------------------------------------------------------------- people

create table recipients (
  id bigint generated always as identity primary key,
  key text not null unique check (key <> ''),
  kind text not null default 'person' check (kind in ('person', 'mailbox')),
  name text not null default '',
  email text not null default '',
  alternate_emails text[] not null default '{}',
  locale text,
  zone text,
  calendar text,
  attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  active boolean not null default true,
  valid_from date,
  valid_until date,
  paused_until date,
  origin text
);
comment on column recipients.paused_until is 'Last calendar date of the pause, in the recipient''s zone.';
comment on column recipients.origin is 'Null: kept by hand. list:<report>: kept by that report''s list, and deactivated when it leaves it.';

create table groups (
  id bigint generated always as identity primary key,
  key text not null unique check (key <> ''),
  name text not null default '',
  rule jsonb check (jsonb_typeof(rule) = 'object')
);
comment on column groups.rule is 'Attribute → list of values; who has one of the values of every named attribute belongs to the group.';

create table group_members (
  group_id bigint not null references groups on delete cascade,
  recipient_id bigint not null references recipients on delete cascade,
  primary key (group_id, recipient_id)
);

create table subscriptions (
  id bigint generated always as identity primary key,
  report text not null check (report <> ''),
  label text not null default '',
  recipient_id bigint references recipients on delete cascade,
  group_id bigint references groups on delete cascade,
  filters jsonb check (filters = '"all"' or jsonb_typeof(filters) = 'object'),
  attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  split text check (split in ('together', 'sections', 'each')),
  formats text[] check (formats <@ array['png', 'pdf', 'csv', 'xlsx'] and cardinality(formats) > 0),
  at text,
  "start" date,
  "end" date,
  active boolean not null default true,
  origin text,
  place text,
  check ((recipient_id is null) <> (group_id is null))
);
create unique index subscriptions_of_recipient on subscriptions (report, recipient_id, label) where recipient_id is not null;
create unique index subscriptions_of_group on subscriptions (report, group_id, label) where group_id is not null;
comment on column subscriptions.filters is 'Null: the report''s mapping. An object filter → list of values, or the JSON word "all".';

create table copies (
  id bigint generated always as identity primary key,
  recipient_id bigint not null references recipients on delete cascade,
  report text,
  kind text not null check (kind in ('cc', 'bcc', 'instead')),
  email text not null check (email <> ''),
  "from" date,
  until date
);

create table suppressions (
  email text primary key check (email = lower(email)),
  reason text not null default '',
  since timestamptz not null default now()
);

-- Who changed what and when, edits by plain SQL included; the program names its operator in daybreak.actor.
create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  "table" text not null,
  row_id text not null,
  action text not null check (action in ('insert', 'update', 'delete')),
  before jsonb,
  after jsonb
);
create index audit_of_row on audit ("table", row_id);

create function write_audit() returns trigger language plpgsql as $$
declare
  old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
  new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
  whole jsonb := coalesce(new_row, old_row);
begin
  if tg_op = 'UPDATE' and old_row = new_row then return null; end if;
  insert into audit (actor, "table", row_id, action, before, after)
  values (
    coalesce(nullif(current_setting('daybreak.actor', true), ''), session_user),
    tg_table_name,
    coalesce(whole ->> 'id', whole ->> 'email', whole ->> 'name', concat_ws('/', whole ->> 'group_id', whole ->> 'recipient_id')),
    lower(tg_op), old_row, new_row);
  return null;
end $$;

-- ---------------------------------------------------------------- reports and slots

create table report_versions (
  hash text primary key,
  report text not null,
  definition jsonb not null,
  known_since timestamptz not null
);

create table reports (
  name text primary key,
  version text not null references report_versions,
  mode text not null default 'trial' check (mode in ('trial', 'live')),
  mode_since timestamptz not null,
  present boolean not null default true
);
comment on column reports.present is 'False once the configuration no longer has it; its history stays.';

-- A schedule is known from the moment it was first seen; one that is edited away and comes back is new again.
create table schedules (
  report text not null,
  schedule text not null,
  zone text not null,
  known_since timestamptz not null,
  primary key (report, schedule, zone)
);

create table lists (
  origin text primary key,
  read_at timestamptz not null,
  rows integer not null,
  mistakes jsonb not null default '[]'
);

create table slots (
  id bigint generated always as identity primary key,
  report text not null,
  version text not null references report_versions,
  schedule text not null,
  zone text not null,
  nominal timestamptz not null,
  due timestamptz not null,
  expires_at timestamptz not null,
  state text not null default 'due'
    check (state in ('due', 'waiting', 'ready', 'paused', 'planned', 'closed', 'skipped')),
  next_probe_at timestamptz,
  reason text,
  notice text check (notice in ('late-data', 'late-note')),
  data_as_of text,
  audience integer,
  closed_at timestamptz,
  summarized_at timestamptz,
  unique (report, schedule, zone, nominal),
  check (state <> 'waiting' or next_probe_at is not null),
  check (state not in ('skipped', 'paused') or reason is not null)
);
create index slots_open on slots (due) where state not in ('closed', 'skipped');

-- ---------------------------------------------------------------- renders

create table renders (
  id bigint generated always as identity primary key,
  key text not null unique,
  version text not null references report_versions,
  server text not null,
  request jsonb not null,
  state text not null default 'wanted' check (state in ('wanted', 'drawing', 'ready', 'faulted')),
  owner text,
  lease_until timestamptz,
  n integer not null default 0,
  not_before timestamptz,
  reason text,
  evidence jsonb,
  wanted_at timestamptz not null default now(),
  finished_at timestamptz,
  check (state <> 'drawing' or (owner is not null and lease_until is not null)),
  check (state <> 'faulted' or reason is not null)
);
create index renders_open on renders (id) where state in ('wanted', 'drawing');

create table artifacts (
  id bigint generated always as identity primary key,
  render_id bigint not null references renders on delete cascade,
  format text not null check (format in ('png', 'pdf', 'csv', 'xlsx')),
  media_type text not null,
  sha256 text not null,
  bytes bigint not null check (bytes > 0),
  path text not null,
  width integer,
  height integer,
  unique (render_id, format)
);

-- ---------------------------------------------------------------- deliveries

create table deliveries (
  id bigint generated always as identity primary key,
  slot_id bigint references slots,
  occasion text not null,
  report text not null,
  version text not null references report_versions,
  recipient_id bigint not null references recipients,
  recipient_name text not null,
  label text not null default '',
  envelope jsonb not null,
  filters jsonb not null,
  filters_key text not null,
  formats text[] not null,
  locale text not null,
  zone text not null,
  nominal timestamptz not null,
  expires_at timestamptz not null,
  trial boolean not null,
  state text not null default 'planned' check (state in ('planned', 'drawn', 'proven', 'quarantined', 'composed',
    'sending', 'sent', 'skipped', 'superseded', 'expired', 'discarded', 'failed', 'uncertain')),
  reason text,
  notes jsonb not null default '[]',
  attempts integer not null default 0,
  not_before timestamptz,
  owner text,
  deadline timestamptz,
  receipt jsonb,
  facts jsonb,
  released_by text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (occasion, recipient_id, report, label),
  check (state <> 'sending' or (deadline is not null and owner is not null)),
  check (state not in ('skipped', 'superseded', 'expired', 'discarded', 'failed', 'uncertain', 'quarantined') or reason is not null)
);
create index deliveries_open on deliveries (state, id)
  where state in ('planned', 'drawn', 'proven', 'composed', 'sending');
create index deliveries_of_slot on deliveries (slot_id);
create index deliveries_last_sent on deliveries (report, filters_key, nominal desc) where state = 'sent';

create table delivery_parts (
  delivery_id bigint not null references deliveries on delete cascade,
  part integer not null,
  report text not null,
  view text not null,
  heading text,
  filters jsonb not null,
  render_id bigint not null references renders,
  primary key (delivery_id, part)
);
create index delivery_parts_of_render on delivery_parts (render_id);

create table proofs (
  delivery_id bigint not null references deliveries on delete cascade,
  part integer not null,
  format text not null,
  verdict text not null check (verdict in ('proven', 'empty', 'unproven', 'mismatch')),
  evidence jsonb not null,
  primary key (delivery_id, part, format)
);

create table messages (
  delivery_id bigint primary key references deliveries on delete cascade,
  message_id text not null unique,
  sender text not null,
  recipients text[] not null,
  subject text not null,
  path text not null,
  sha256 text not null,
  bytes bigint not null
);

-- Append-only: a try is written before the wire is touched and gets its outcome once.
create table attempts (
  id bigint generated always as identity primary key,
  delivery_id bigint not null references deliveries on delete cascade,
  n integer not null,
  owner text not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  outcome text check (outcome in ('sent', 'refused', 'temporary', 'unknown', 'dead-owner')),
  words text,
  unique (delivery_id, n)
);

create table alerts (
  id bigint generated always as identity primary key,
  key text not null,
  severity text not null check (severity in ('warning', 'critical')),
  subject text not null,
  lines jsonb not null,
  opened_at timestamptz not null,
  recovered_at timestamptz
);
create unique index alerts_open on alerts (key) where recovered_at is null;

-- ---------------------------------------------------------------- legal moves

create table moves (
  noun text not null,
  source text not null,
  target text not null,
  primary key (noun, source, target)
);
insert into moves (noun, source, target) values
  ('slots', 'due', 'waiting'), ('slots', 'due', 'ready'), ('slots', 'due', 'skipped'),
  ('slots', 'waiting', 'ready'), ('slots', 'waiting', 'skipped'), ('slots', 'waiting', 'waiting'),
  ('slots', 'ready', 'planned'), ('slots', 'ready', 'paused'), ('slots', 'ready', 'skipped'),
  ('slots', 'paused', 'ready'), ('slots', 'paused', 'skipped'), ('slots', 'planned', 'closed'),
  ('slots', 'closed', 'planned'),
  ('renders', 'wanted', 'drawing'), ('renders', 'drawing', 'ready'), ('renders', 'drawing', 'wanted'),
  ('renders', 'drawing', 'faulted'), ('renders', 'faulted', 'wanted'), ('renders', 'ready', 'wanted'),
  ('deliveries', 'planned', 'drawn'), ('deliveries', 'planned', 'failed'),
  ('deliveries', 'drawn', 'proven'), ('deliveries', 'drawn', 'quarantined'), ('deliveries', 'drawn', 'failed'),
  ('deliveries', 'proven', 'composed'), ('deliveries', 'proven', 'failed'),
  ('deliveries', 'quarantined', 'proven'), ('deliveries', 'quarantined', 'discarded'), ('deliveries', 'quarantined', 'expired'),
  ('deliveries', 'quarantined', 'planned'),
  ('deliveries', 'composed', 'sending'), ('deliveries', 'composed', 'failed'),
  ('deliveries', 'sending', 'sent'), ('deliveries', 'sending', 'composed'), ('deliveries', 'sending', 'failed'),
  ('deliveries', 'sending', 'uncertain'),
  ('deliveries', 'uncertain', 'sent'), ('deliveries', 'uncertain', 'composed'), ('deliveries', 'uncertain', 'failed'),
  ('deliveries', 'failed', 'planned'), ('deliveries', 'failed', 'composed'), ('deliveries', 'expired', 'composed'),
  ('deliveries', 'expired', 'planned');
-- Before sending, a delivery may always be skipped, superseded, expired or discarded.
insert into moves (noun, source, target)
  select 'deliveries', source, target
  from unnest(array['planned', 'drawn', 'proven', 'composed']) source,
       unnest(array['skipped', 'superseded', 'expired', 'discarded']) target;

create function refuse_illegal_move() returns trigger language plpgsql as $$
begin
  if old.state is distinct from new.state
     and not exists (select 1 from moves where noun = tg_table_name and source = old.state and target = new.state) then
    raise exception '% %: a move from % to % is not legal', tg_table_name, old.id, old.state, new.state
      using errcode = 'check_violation';
  end if;
  return new;
end $$;

do $$
declare noun text;
begin
  foreach noun in array array['slots', 'renders', 'deliveries'] loop
    execute format('create trigger legal_moves before update of state on %I for each row execute function refuse_illegal_move()', noun);
  end loop;
  foreach noun in array array['recipients', 'groups', 'group_members', 'subscriptions', 'copies', 'suppressions', 'reports'] loop
    execute format('create trigger audited after insert or update or delete on %I for each row execute function write_audit()', noun);
  end loop;
end $$;
