-- Equality and sort: paid, longest waiting.
-- --8<-- [start:waiting]
SELECT id, total_cents FROM orders
WHERE status = 'paid'
ORDER BY created_at LIMIT 10;
-- --8<-- [end:waiting]

-- Equality, range, sort: only expensive ones.
-- --8<-- [start:expensive]
SELECT id, total_cents FROM orders
WHERE status = 'paid' AND total_cents >= 18000
ORDER BY created_at LIMIT 10;
-- --8<-- [end:expensive]

-- Several values and a sort.
-- --8<-- [start:either]
SELECT id, total_cents FROM orders
WHERE status IN ('paid', 'shipped')
ORDER BY created_at LIMIT 10;
-- --8<-- [end:either]
