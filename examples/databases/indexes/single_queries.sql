-- Two equalities: one warehouse's returns.
-- --8<-- [start:returned]
SELECT id FROM orders
WHERE warehouse_id = 7 AND status = 'returned';
-- --8<-- [end:returned]

-- And a sort: its ten oldest on the way.
-- --8<-- [start:oldest]
SELECT id FROM orders
WHERE warehouse_id = 7 AND status = 'shipped'
ORDER BY created_at LIMIT 10;
-- --8<-- [end:oldest]

-- And a range: what it sent in March.
-- --8<-- [start:march]
SELECT id FROM orders
WHERE warehouse_id = 7 AND status = 'shipped'
  AND created_at >= '2026-03-01'
  AND created_at < '2026-04-01';
-- --8<-- [end:march]
