-- --8<-- [start:session]
SET TIME ZONE 'UTC';
SET jit = off;
SET max_parallel_workers_per_gather = 0;
SET random_page_cost = 4;
SET effective_cache_size = '4GB';
SET work_mem = '4MB';
SET default_statistics_target = 200; -- the sample is 300 times that: here, every row
-- --8<-- [end:session]

-- --8<-- [start:table]
CREATE TABLE orders (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  integer NOT NULL,
    warehouse_id integer NOT NULL,
    status       text NOT NULL,
    created_at   timestamptz NOT NULL,
    total_cents  integer NOT NULL,
    address      text NOT NULL
) WITH (autovacuum_enabled = off);
-- --8<-- [end:table]

-- --8<-- [start:rows]
INSERT INTO orders (customer_id, warehouse_id, status, created_at, total_cents, address)
SELECT n * 7919 % 1009,
       n * 13 % 37,
       CASE WHEN n * 37 % 1000 < 2   THEN 'pending'    -- 0.2 %
            WHEN n * 37 % 1000 < 40  THEN 'paid'       -- 3.8 %
            WHEN n * 37 % 1000 < 60  THEN 'returned'   -- 2 %
            WHEN n * 37 % 1000 < 160 THEN 'shipped'    -- 10 %
            ELSE 'delivered'                           -- 84 %
       END,
       timestamptz '2026-01-01 00:00+00' + n * interval '10 minutes',
       500 + n * 7 % 19997,
       rpad(n || ' Harbour Street', 100, '.')
FROM generate_series(0, 49999) AS n;
-- --8<-- [end:rows]

-- --8<-- [start:more_rows]
INSERT INTO orders (customer_id, warehouse_id, status, created_at, total_cents, address)
SELECT n * 7919 % 1009,
       n * 13 % 37,
       'pending',
       timestamptz '2026-01-01 00:00+00' + n * interval '10 minutes',
       500 + n * 7 % 19997,
       rpad(n || ' Harbour Street', 100, '.')
FROM generate_series(50000, 50999) AS n;
-- --8<-- [end:more_rows]
