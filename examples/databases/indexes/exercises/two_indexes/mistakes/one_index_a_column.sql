-- fails with: 4 indexes, and the task allows 2
CREATE INDEX ON orders (customer_id);
CREATE INDEX ON orders (warehouse_id);
CREATE INDEX ON orders (status);
CREATE INDEX ON orders (created_at);
