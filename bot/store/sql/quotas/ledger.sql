-- name: reservations
-- Locked, because of two refunds at once the second must see the first.
SELECT reservation.job, reservation.meter, reservation.amount, reservation.settled_as, meter.unit
FROM reservation JOIN meter ON meter.id = reservation.meter
WHERE reservation.job IN ({{values jobs}}) ORDER BY reservation.meter, reservation.job {{locked reservation}};

-- name: lock_meters
SELECT id FROM meter WHERE id IN ({{values ids}}) ORDER BY id {{locked}};

-- name: given_back
-- Captures that a later reset of their meter has given back already. After a link was undone and made again, a
-- job is captured once more on the same meter.
SELECT captured.job, captured.meter FROM journal AS captured
WHERE captured.job IN ({{values jobs}}) AND captured.kind = 'captured'
  AND NOT EXISTS (SELECT 1 FROM journal AS again
                  WHERE again.job = captured.job AND again.meter = captured.meter AND again.kind = 'captured'
                    AND again.id > captured.id)
  AND EXISTS (SELECT 1 FROM journal AS later
              WHERE later.meter = captured.meter AND later.kind = 'reset' AND later.id > captured.id);

-- name: settle_meters
UPDATE meter SET used = meter.used + r.used, reserved = meter.reserved + r.reserved
FROM {{rows items (id text, used bigint, reserved bigint)}} AS r
WHERE meter.id = r.id;

-- name: settle_reservations
UPDATE reservation SET amount = r.amount, settled_as = r.settled_as
FROM {{rows items (job text, meter text, amount bigint, settled_as text)}} AS r
WHERE reservation.job = r.job AND reservation.meter = r.meter;

-- name: insert_reservations
{{insert reservation items (job text, meter text, amount bigint, settled_as text)}};

-- name: remove_reservations
DELETE FROM reservation
WHERE EXISTS (SELECT 1 FROM {{rows items (job text, meter text)}} AS r
              WHERE r.job = reservation.job AND r.meter = reservation.meter);
