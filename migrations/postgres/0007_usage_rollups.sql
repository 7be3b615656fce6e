-- What the transaction log sums up to, by the minute: overviews read hundreds of rows of these, not millions of those.
-- Added to in the transaction that adds the log's rows.

CREATE TABLE usage_rollups (
    user_id uuid NOT NULL,
    environment text NOT NULL CHECK (environment IN ('test', 'live')),
    minute timestamptz NOT NULL CHECK (date_trunc('minute', minute, 'UTC') = minute),
    service_name text NOT NULL,          -- empty: none was chosen
    operation text NOT NULL,
    currency text NOT NULL,              -- empty: operations without an amount
    calls bigint NOT NULL CHECK (calls >= 0),
    failures bigint NOT NULL CHECK (failures >= 0),
    unknowns bigint NOT NULL CHECK (unknowns >= 0),
    attempts bigint NOT NULL CHECK (attempts >= 0),
    -- Minor units of what succeeded. Sums of amounts can pass what an amount can be: a bigint would refuse the row, and with it
    -- every row of its batch.
    amount_minor numeric(38, 0) NOT NULL,
    duration_us bigint NOT NULL CHECK (duration_us >= 0),
    provider_duration_us bigint NOT NULL CHECK (provider_duration_us >= 0),
    -- How many calls took how long: each is counted in the first that it fits in.
    within_10_ms bigint NOT NULL CHECK (within_10_ms >= 0),
    within_25_ms bigint NOT NULL CHECK (within_25_ms >= 0),
    within_50_ms bigint NOT NULL CHECK (within_50_ms >= 0),
    within_100_ms bigint NOT NULL CHECK (within_100_ms >= 0),
    within_250_ms bigint NOT NULL CHECK (within_250_ms >= 0),
    within_500_ms bigint NOT NULL CHECK (within_500_ms >= 0),
    within_1000_ms bigint NOT NULL CHECK (within_1000_ms >= 0),
    within_2500_ms bigint NOT NULL CHECK (within_2500_ms >= 0),
    within_10000_ms bigint NOT NULL CHECK (within_10000_ms >= 0),
    over_10000_ms bigint NOT NULL CHECK (over_10000_ms >= 0),
    PRIMARY KEY (user_id, environment, minute, service_name, operation, currency)
) PARTITION BY RANGE (minute);

SELECT register_partitioned('usage_rollups', 'minute', false, true);

-- A tenant reads its own. gateway_log_writer adds to what is there, and so has to read it: counts and sums, no payload and no
-- person. It never deletes.
ALTER TABLE usage_rollups ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY usage_rollups_of_tenant ON usage_rollups FOR SELECT TO gateway_app
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY usage_rollups_of_all ON usage_rollups TO gateway_log_writer USING (true);
GRANT SELECT ON usage_rollups TO gateway_app;
GRANT SELECT, INSERT, UPDATE ON usage_rollups TO gateway_log_writer;
