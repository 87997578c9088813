-- fails with: newest_of_customer sorts 50 rows to give 10
CREATE INDEX ON orders (customer_id, status, created_at);
CREATE INDEX ON orders (status, warehouse_id, created_at);
