-- A shared render may be drawn anew (a retry, a further format) between a delivery's proof and its email. So each part keeps which drawing
-- was proven, and a delivery whose pictures have changed since, or are about to, waits for them again.
alter table delivery_parts add column proven_of timestamptz;
insert into moves (noun, source, target) values ('deliveries', 'proven', 'planned'), ('deliveries', 'drawn', 'planned');
