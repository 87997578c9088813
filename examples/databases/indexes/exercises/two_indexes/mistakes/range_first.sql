-- fails with: newest_of_customer walks index entries of other customers
CREATE INDEX ON orders (created_at, customer_id);
CREATE INDEX ON orders (status, warehouse_id, created_at);
