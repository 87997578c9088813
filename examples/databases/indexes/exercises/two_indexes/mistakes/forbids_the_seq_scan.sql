-- fails with: changes how the planner decides
CREATE INDEX ON orders (created_at);
SET enable_seqscan = off;
