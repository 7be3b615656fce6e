-- Tables in parts of a day each, in UTC: room is made ahead, and what is past its retention goes in one piece.
--
-- Parts are in a schema of their own, which only gateway_log_writer may look into. A part has no row-level security of its
-- own: COPY FROM refuses tables that have it, and reading goes through the table, which has it. What keeps tenants out of
-- the parts is that nobody has a right on them but gateway_log_writer, whose right is INSERT. (Where a hosting provider
-- grants rights on new tables of `public` to others by default, this schema is not touched by it.)
--
-- Rows of a day that has no part are not refused: each table has a part `…_default` for them, from where they move when their
-- day gets its part. So a day that was forgotten costs time, never a row.

CREATE SCHEMA partitions;
REVOKE ALL ON SCHEMA partitions FROM PUBLIC;
GRANT USAGE ON SCHEMA partitions TO gateway_log_writer;

-- Which tables come in parts, by which column, and whether their rows may be changed.
CREATE TABLE partitioned_tables (
    name text NOT NULL PRIMARY KEY,
    day_column text NOT NULL,
    is_insert_only boolean NOT NULL,
    is_rollup boolean NOT NULL -- kept longer than the rows that it sums up
);

-- Refuses changes, for tables whose rows are added and never changed. For each statement, so that one which would find no row
-- is refused, too, and for TRUNCATE. It holds for the owner as well.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% takes new rows only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;

-- Gives a part its rights and, where rows are never changed, its trigger: those of the table hold only for what is said to
-- the table itself.
CREATE FUNCTION protect_partition(part text, is_insert_only boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('REVOKE ALL ON partitions.%I FROM PUBLIC', part);
    EXECUTE format('GRANT INSERT ON partitions.%I TO gateway_log_writer', part);
    IF is_insert_only THEN
        EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON partitions.%I
            FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', part);
    END IF;
END $$;

-- Says that a table comes in parts, and makes the part for days without one. Called by migrations.
CREATE FUNCTION register_partitioned(table_name text, day_column text, is_insert_only boolean, is_rollup boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part text := table_name || '_default';
BEGIN
    INSERT INTO public.partitioned_tables VALUES (table_name, day_column, is_insert_only, is_rollup);
    EXECUTE format('CREATE TABLE partitions.%I PARTITION OF public.%I DEFAULT', part, table_name);
    PERFORM public.protect_partition(part, is_insert_only);
    IF is_insert_only THEN
        EXECUTE format('CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON public.%I
            FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', table_name);
    END IF;
END $$;

-- Takes rows out of the part for days without one, into another table or into nothing.
CREATE FUNCTION empty_default(described public.partitioned_tables, condition text, target text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part text := described.name || '_default';
    -- Columns that are calculated are calculated again.
    columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = format('partitions.%I', part)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '');
    has_rows boolean;
BEGIN
    -- Nobody adds a row between moving and attaching. Writers to other parts are not in the way.
    EXECUTE format('LOCK TABLE partitions.%I IN SHARE ROW EXCLUSIVE MODE', part);
    EXECUTE format('SELECT EXISTS (SELECT FROM partitions.%I WHERE %s)', part, condition) INTO has_rows;
    IF NOT has_rows THEN
        RETURN;
    END IF;
    IF target IS NOT NULL THEN
        EXECUTE format('INSERT INTO partitions.%I (%s) SELECT %2$s FROM partitions.%3$I WHERE %4$s',
            target, columns, part, condition);
    END IF;
    IF described.is_insert_only THEN
        EXECUTE format('ALTER TABLE partitions.%I DISABLE TRIGGER refuse_change', part);
    END IF;
    EXECUTE format('DELETE FROM partitions.%I WHERE %s', part, condition);
    IF described.is_insert_only THEN
        EXECUTE format('ALTER TABLE partitions.%I ENABLE TRIGGER refuse_change', part);
    END IF;
END $$;

-- A day in UTC, as part of a part's name and as its first moment.
CREATE FUNCTION partition_suffix(day date) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN '_' || to_char(day, 'YYYYMMDD');
CREATE FUNCTION start_of_day(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
    RETURN day::timestamp AT TIME ZONE 'UTC';

-- Makes the parts of the days from "from" on that are missing, and returns how many were. Nodes that ask at the same time
-- wait for each other: whoever returns may rely on them.
CREATE FUNCTION ensure_partitions("from" timestamptz, days integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    first date := ("from" AT TIME ZONE 'UTC')::date;
    described public.partitioned_tables;
    day date;
    part text;
    condition text;
    made integer := 0;
BEGIN
    IF days NOT BETWEEN 1 AND 400 THEN
        RAISE EXCEPTION 'partitions can be made for 1 to 400 days, not for %', days USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Nearly always nothing is missing, and nobody waits.
    IF NOT EXISTS (
        SELECT FROM public.partitioned_tables, generate_series(0, days - 1) AS ahead
        WHERE to_regclass(format('partitions.%I', name || public.partition_suffix(first + ahead))) IS NULL
    ) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('unified-gateway partitions', 0));
    FOR described IN SELECT * FROM public.partitioned_tables ORDER BY name LOOP
        FOR day IN SELECT first + ahead FROM generate_series(0, days - 1) AS ahead LOOP
            part := described.name || public.partition_suffix(day);
            CONTINUE WHEN to_regclass(format('partitions.%I', part)) IS NOT NULL;
            condition := format('%I >= %L AND %1$I < %3$L', described.day_column, public.start_of_day(day),
                public.start_of_day(day + 1));
            -- Made apart and attached then: that lets writers to the table's other parts go on.
            EXECUTE format('CREATE TABLE partitions.%I (LIKE public.%I INCLUDING ALL EXCLUDING INDEXES)',
                part, described.name);
            PERFORM public.empty_default(described, condition, part);
            EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION partitions.%I FOR VALUES FROM (%L) TO (%L)',
                described.name, part, public.start_of_day(day), public.start_of_day(day + 1));
            PERFORM public.protect_partition(part, described.is_insert_only);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

-- Drops the parts whose last moment is before "before" (rollups: before rollups_before), and returns how many. When another
-- node is at it, this one leaves it to that one and returns 0. The last two days are not dropped, whatever is asked for: a
-- clock that runs ahead never costs what was just written. Dropping waits for whoever uses the table, and everybody else waits
-- behind it: it gives up after a second and is tried again another time.
CREATE FUNCTION drop_partitions("before" timestamptz, rollups_before timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '1s' AS $$
DECLARE
    described public.partitioned_tables;
    "limit" timestamptz;
    part text;
    dropped integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('unified-gateway partitions', 0)) THEN
        RETURN 0;
    END IF;
    FOR described IN SELECT * FROM public.partitioned_tables ORDER BY name LOOP
        "limit" := least(CASE WHEN described.is_rollup THEN rollups_before ELSE "before" END, now() - interval '2 days');
        FOR part IN
            SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = format('public.%I', described.name)::regclass AND relname ~ '_[0-9]{8}$'
                AND public.start_of_day(to_date(right(relname, 8), 'YYYYMMDD') + 1) <= "limit"
            ORDER BY relname
        LOOP
            EXECUTE format('DROP TABLE partitions.%I', part);
            dropped := dropped + 1;
        END LOOP;
        PERFORM public.empty_default(described, format('%I < %L', described.day_column, "limit"), NULL);
    END LOOP;
    RETURN dropped;
END $$;

-- gateway_log_writer makes room for what it is about to write and lets go of what is past its retention; it can do neither
-- in any other way.
REVOKE ALL ON FUNCTION refuse_change, protect_partition, register_partitioned, empty_default, partition_suffix, start_of_day,
    ensure_partitions, drop_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ensure_partitions, drop_partitions TO gateway_log_writer;
