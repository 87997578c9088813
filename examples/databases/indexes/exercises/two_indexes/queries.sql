-- A customer's ten newest orders.
-- --8<-- [start:newest_of_customer]
SELECT id, total_cents FROM orders
WHERE customer_id = 42
ORDER BY created_at DESC LIMIT 10;
-- --8<-- [end:newest_of_customer]

-- What a customer ordered in spring.
-- --8<-- [start:spring_of_customer]
SELECT id, total_cents FROM orders
WHERE customer_id = 42
  AND created_at >= '2026-04-01'
  AND created_at < '2026-07-01';
-- --8<-- [end:spring_of_customer]

-- What one warehouse shipped in March.
-- --8<-- [start:shipped_in_march]
SELECT id, total_cents FROM orders
WHERE status = 'shipped' AND warehouse_id = 7
  AND created_at >= '2026-03-01'
  AND created_at < '2026-04-01';
-- --8<-- [end:shipped_in_march]

-- Twenty oldest delivered orders of a warehouse.
-- --8<-- [start:oldest_delivered]
SELECT id, total_cents FROM orders
WHERE status = 'delivered' AND warehouse_id = 7
ORDER BY created_at LIMIT 20;
-- --8<-- [end:oldest_delivered]

-- How many are pending, in all warehouses.
-- --8<-- [start:pending]
SELECT count(*) FROM orders
WHERE status = 'pending';
-- --8<-- [end:pending]
