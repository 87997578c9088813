-- fails with: changes the rows
CREATE INDEX ON orders (customer_id, created_at);
DELETE FROM orders WHERE status = 'delivered';
