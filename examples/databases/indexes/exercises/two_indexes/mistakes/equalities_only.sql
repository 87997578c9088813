-- fails with: shipped_in_march fetches 123 rows from the table only to throw them away
CREATE INDEX ON orders (customer_id, created_at);
CREATE INDEX ON orders (status, warehouse_id);
