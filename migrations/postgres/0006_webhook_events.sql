-- What providers told about, as it came. An event is taken in once, however often a provider sends it.

CREATE TABLE webhook_events (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    service_name text NOT NULL,
    environment text NOT NULL CHECK (environment IN ('test', 'live')),
    provider_event_id text NOT NULL, -- the provider's id of it or, where it gives none, a digest of the payload
    event_type text NOT NULL,
    payload bytea NOT NULL,          -- the bytes that were signed
    signature text,
    processed boolean NOT NULL DEFAULT false,
    processed_at timestamptz,
    related_txn_id uuid,             -- no foreign key: the log is let go of day by day
    created_at timestamptz NOT NULL,
    CHECK (processed = (processed_at IS NOT NULL))
) PARTITION BY RANGE (created_at);

CREATE UNIQUE INDEX webhook_events_by_id ON webhook_events (id, user_id, created_at);
CREATE INDEX webhook_events_of_user ON webhook_events (user_id, created_at);
CREATE INDEX webhook_events_open ON webhook_events (created_at) WHERE NOT processed;

SELECT register_partitioned('webhook_events', 'created_at', false, false);

-- Which events were taken in. Apart, since nothing can be unique across the parts of a table.
CREATE TABLE webhook_event_ids (
    user_id uuid NOT NULL,
    service_name text NOT NULL,
    environment text NOT NULL,
    provider_event_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, service_name, environment, provider_event_id)
);
CREATE INDEX webhook_event_ids_by_age ON webhook_event_ids (created_at);

-- An event that was taken in before is left out: the insert counts no row then, and is no error.
CREATE FUNCTION take_event_in_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.webhook_event_ids
        VALUES (NEW.user_id, NEW.service_name, NEW.environment, NEW.provider_event_id, NEW.created_at)
        ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NEW;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER take_event_in_once BEFORE INSERT ON webhook_events FOR EACH ROW EXECUTE FUNCTION take_event_in_once();

-- A tenant reads its own events, and its work notes what became of them. What was received is never changed.
ALTER TABLE webhook_events ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_events_of_tenant ON webhook_events TO gateway_app
    USING (user_id = nullif(current_setting('app.user_id', true), '')::uuid);
CREATE POLICY webhook_events_of_all ON webhook_events FOR INSERT TO gateway_log_writer WITH CHECK (true);
GRANT SELECT ON webhook_events TO gateway_app;
GRANT UPDATE (processed, processed_at, related_txn_id) ON webhook_events TO gateway_app;
GRANT INSERT ON webhook_events TO gateway_log_writer;

-- The ids are added by the trigger, as whoever adds the event.
ALTER TABLE webhook_event_ids ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY webhook_event_ids_of_all ON webhook_event_ids FOR INSERT TO gateway_log_writer WITH CHECK (true);
GRANT INSERT ON webhook_event_ids TO gateway_log_writer;

-- Lets go of the ids of events that are gone themselves, and returns how many; a bounded number at a time.
CREATE FUNCTION forget_webhook_event_ids("before" timestamptz, at_most integer) RETURNS bigint
    LANGUAGE sql VOLATILE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    BEGIN ATOMIC
        WITH gone AS (
            DELETE FROM public.webhook_event_ids WHERE ctid = ANY (ARRAY(
                SELECT ctid FROM public.webhook_event_ids
                WHERE created_at < least("before", now() - interval '2 days')
                ORDER BY created_at LIMIT at_most FOR UPDATE SKIP LOCKED
            )) RETURNING 1
        )
        SELECT count(*) FROM gone;
    END;
CREATE POLICY webhook_event_ids_of_definer ON webhook_event_ids TO gateway_definer USING (true);
-- UPDATE only because rows cannot be locked without it.
GRANT SELECT, UPDATE, DELETE ON webhook_event_ids TO gateway_definer;
REVOKE ALL ON FUNCTION take_event_in_once, forget_webhook_event_ids FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_webhook_event_ids TO gateway_log_writer;
GRANT CREATE ON SCHEMA public TO gateway_definer;
ALTER FUNCTION forget_webhook_event_ids OWNER TO gateway_definer;
REVOKE CREATE ON SCHEMA public FROM gateway_definer;
