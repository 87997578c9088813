-- Make the five queries of queries.sql read
-- at most 30 pages each, with two indexes.

CREATE INDEX ON orders (created_at);
