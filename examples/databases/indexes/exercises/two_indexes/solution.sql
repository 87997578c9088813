-- Equality, then sort or range: both questions about one customer.
CREATE INDEX ON orders (customer_id, created_at);

-- Two equalities, then sort or range. status stands first because one query tests it alone.
CREATE INDEX ON orders (status, warehouse_id, created_at);
