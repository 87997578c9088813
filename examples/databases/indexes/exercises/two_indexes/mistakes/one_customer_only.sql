-- fails with: is a partial index
CREATE INDEX ON orders (created_at) WHERE customer_id = 42;
CREATE INDEX ON orders (status, warehouse_id, created_at);
