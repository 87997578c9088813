-- fails with: pending walks index entries of other statuses
CREATE INDEX ON orders (customer_id, created_at);
CREATE INDEX ON orders (warehouse_id, status, created_at);
