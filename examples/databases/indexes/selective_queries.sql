-- --8<-- [start:both]
SELECT id FROM orders WHERE customer_id = 42 AND status = 'delivered';
-- --8<-- [end:both]

-- --8<-- [start:customer]
SELECT id FROM orders WHERE customer_id = 42;
-- --8<-- [end:customer]

-- --8<-- [start:pending]
SELECT id FROM orders WHERE status = 'pending';
-- --8<-- [end:pending]
