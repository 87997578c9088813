-- Equality and range: pending, of one quarter.
-- --8<-- [start:quarter]
SELECT id, total_cents FROM orders
WHERE status = 'pending'
  AND created_at >= '2026-01-01'
  AND created_at < '2026-04-01';
-- --8<-- [end:quarter]

-- Equality and sort: the ten newest pending.
-- --8<-- [start:newest]
SELECT id, total_cents FROM orders
WHERE status = 'pending'
ORDER BY created_at DESC LIMIT 10;
-- --8<-- [end:newest]

-- Equality alone: every pending order.
-- --8<-- [start:pending]
SELECT id, total_cents FROM orders
WHERE status = 'pending';
-- --8<-- [end:pending]

-- Range alone: every order of one day.
-- --8<-- [start:day]
SELECT id, total_cents FROM orders
WHERE created_at >= '2026-03-01'
  AND created_at < '2026-03-02';
-- --8<-- [end:day]
