-- The figures of a day are added up in one pass over its declarations, a row for few of them, instead of a row for each thing and cell. What a day
-- counts is said once, by `day_of`: `counted` lists it, for what is behind a cell, and `added_up` sums it.
-- The version before goes on beside it: `counted` gives what it gave. What it writes of visits and refused messages waits until the indexes are built.

-- A day reads its own refused messages and visits, and not all that there ever were. In the order in which batches write them, so that none waits for this
-- while this waits for it. Nothing needs `refusals_of_office` any more; it goes one version later.
CREATE INDEX refusals_of_day ON refusals (at, office);
CREATE INDEX visits_arrived ON visits (arrived_at, arrived_office) WHERE arrived_at IS NOT NULL;
CREATE INDEX visits_held ON visits (held_at, held_office) WHERE held_at IS NOT NULL;
CREATE INDEX visits_departed ON visits (departed_at, departed_office) WHERE departed_at IS NOT NULL;

-- The declarations, by version, that count on a day, with what they count as. office '' is every office. `lodged` and `amended` exclude each other; `lane`
-- is that of the day's end, or none. A span, in ms, and what was paid of the duty are null where they do not count. A span goes through a double, in whole
-- microseconds, which it keeps for 70 years; numeric takes longer.
-- The plan is the same whatever the office, also one that is kept: for each office and life a piece of the index. OFFSET 0 makes it so: left to itself,
-- PostgreSQL keeps a plan that reads the whole table once a connection has asked for every office a few times.
CREATE FUNCTION day_of(of_office text, of_day date) RETURNS TABLE (
    key text, version smallint, direction text, kind text, lane text, currency text, value bigint, duty_vnd bigint, queue_reason text,
    lodged boolean, amended boolean, decided boolean, concluded boolean, cleared boolean, withdrawn boolean, clearance_refused boolean,
    reassigned boolean, open boolean, was_assigned boolean, was_reassigned boolean,
    to_lane bigint, to_conclusion bigint, to_clearance bigint, paid_vnd bigint
) LANGUAGE sql STABLE AS $$
    WITH RECURSIVE offices AS (
        SELECT min(office) AS office FROM declarations WHERE of_office = ''
        UNION ALL SELECT (SELECT min(d.office) FROM declarations d WHERE d.office > o.office) FROM offices o WHERE o.office IS NOT NULL
    ), bounds AS MATERIALIZED (
        SELECT of_day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS a, (of_day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS z
    )
    SELECT d.key, d.version, d.direction, d.kind, CASE WHEN decided_at < z THEN d.lane ELSE 'none' END, d.currency, d.value, d.duty_vnd, d.queue_reason,
        lodged_at >= a AND lodged_at < z AND NOT d.amended,
        lodged_at >= a AND lodged_at < z AND d.amended,
        decided_at >= a AND decided_at < z,
        concluded_at >= a AND concluded_at < z,
        cleared_at >= a AND cleared_at < z,
        withdrawn_at >= a AND withdrawn_at < z,
        clearance_refused_at >= a AND clearance_refused_at < z,
        reassigned_at >= a AND reassigned_at < z,
        lodged_at < z AND COALESCE(LEAST(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) >= z, true),
        assigned_at < z,
        reassigned_at < z,
        CASE WHEN decided_at >= a AND decided_at < z THEN GREATEST(round(date_part('epoch', decided_at - lodged_at) * 1000000)::bigint / 1000, 0) END,
        CASE WHEN concluded_at >= a AND concluded_at < z THEN GREATEST(round(date_part('epoch', concluded_at - lodged_at) * 1000000)::bigint / 1000, 0) END,
        CASE WHEN cleared_at >= a AND cleared_at < z THEN GREATEST(round(date_part('epoch', cleared_at - lodged_at) * 1000000)::bigint / 1000, 0) END,
        -- A payment names the version that was current; it counts for the one that is cleared. Other versions are asked only where the own is not paid.
        CASE WHEN cleared_at >= a AND cleared_at < z AND d.duty_vnd > 0 THEN
            CASE WHEN d.paid_vnd >= d.duty_vnd THEN d.duty_vnd
                ELSE LEAST(d.duty_vnd, (SELECT max(p.paid_vnd) FROM declarations p WHERE p.key = d.key)) END END
    FROM bounds
    CROSS JOIN (SELECT of_office AS office WHERE of_office <> '' UNION ALL SELECT o.office FROM offices o WHERE of_office = '') AS asked
    -- By the index: what is at work for long, of the rest what was lodged shortly before or on the day, and what a clock put elsewhere.
    CROSS JOIN LATERAL (VALUES
        (0::smallint, a - interval '6 hours', z + interval '1 hour'),
        (1::smallint, a - interval '48 hours', z + interval '1 hour'),
        (2::smallint, a - interval '384 hours', z + interval '1 hour'),
        (3::smallint, '-infinity', z + interval '1 hour'),
        (4::smallint, '-infinity', 'infinity')
    ) AS near (life, since, until)
    CROSS JOIN LATERAL (
        SELECT key, version, direction, kind, lane, currency, value, duty_vnd, paid_vnd, queue_reason, amended, lodged_at, decided_at, assigned_at,
            reassigned_at, concluded_at, cleared_at, withdrawn_at, clearance_refused_at, replaced_at
        FROM declarations n
        WHERE n.office = asked.office AND n.life = near.life AND lodged_at >= since AND lodged_at < until
            -- Cheap and sure to keep all that can count: begun before the day's end, and not over before its start.
            AND LEAST(lodged_at, decided_at) < z
            AND (GREATEST(lodged_at, decided_at, concluded_at, reassigned_at, cleared_at, withdrawn_at, clearance_refused_at, replaced_at) >= a
                OR COALESCE(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) IS NULL)
        OFFSET 0
    ) AS d
$$;

-- One row for each thing that adds to a cell of a day; spans of time, in ms, under span.lane, span.conclusion and span.clearance.
-- office '' is every office. Things: number of 12 digits, sender/reference#stream-position of a refused message, visit.
CREATE OR REPLACE FUNCTION counted(of_office text, of_day date) RETURNS TABLE (cell text, number bigint, thing text) LANGUAGE sql STABLE AS $$
    WITH bounds AS NOT MATERIALIZED (
        SELECT of_day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS a, (of_day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS z
    ), known AS MATERIALIZED (
        SELECT * FROM day_of(of_office, of_day)
    )
    SELECT cell, number, key || version
    FROM (
        SELECT 'lodged.' || direction || '.' || kind || '.' || lane AS cell, 1::bigint AS number, key, version FROM known WHERE lodged
        UNION ALL SELECT 'value.' || currency, value, key, version FROM known WHERE lodged AND value <> 0
        UNION ALL SELECT 'duty', duty_vnd, key, version FROM known WHERE lodged AND duty_vnd <> 0
        UNION ALL SELECT 'amended', 1, key, version FROM known WHERE amended
        UNION ALL SELECT 'withdrawn', 1, key, version FROM known WHERE withdrawn
        UNION ALL SELECT 'clearance-refused', 1, key, version FROM known WHERE clearance_refused
        UNION ALL SELECT 'cleared', 1, key, version FROM known WHERE cleared
        UNION ALL SELECT 'dutiable.cleared', 1, key, version FROM known WHERE paid_vnd IS NOT NULL
        UNION ALL SELECT 'dutiable.paid', 1, key, version FROM known WHERE paid_vnd = duty_vnd
        UNION ALL SELECT 'duty.cleared', duty_vnd, key, version FROM known WHERE paid_vnd IS NOT NULL
        UNION ALL SELECT 'duty.paid', paid_vnd, key, version FROM known WHERE paid_vnd <> 0
        UNION ALL SELECT CASE
                WHEN was_reassigned THEN 'assigned.reassigned'
                WHEN was_assigned THEN 'assigned.automatic'
                ELSE 'assigned.queued.' || COALESCE(NULLIF(queue_reason, ''), 'UNSTATED') END, 1, key, version
            FROM known WHERE decided AND lane <> 'green'
        UNION ALL SELECT 'reassigned', 1, key, version FROM known WHERE reassigned
        UNION ALL SELECT 'open', 1, key, version FROM known WHERE open
        UNION ALL SELECT 'span.lane', to_lane, key, version FROM known WHERE decided
        UNION ALL SELECT 'span.conclusion', to_conclusion, key, version FROM known WHERE concluded
        UNION ALL SELECT 'span.clearance', to_clearance, key, version FROM known WHERE cleared
    ) AS of_declarations
    UNION ALL
    SELECT 'refused.' || r.attempt, 1, r.sender || '/' || r.reference || '#' || r.stream || '-' || r.position
    FROM refusals r, bounds WHERE r.at >= a AND r.at < z AND (of_office = '' OR r.office = of_office)
    UNION ALL
    SELECT 'vehicles.in', 1, id FROM visits, bounds WHERE arrived_at >= a AND arrived_at < z AND (of_office = '' OR arrived_office = of_office)
    UNION ALL
    SELECT 'vehicles.held', 1, id FROM visits, bounds WHERE held_at >= a AND held_at < z AND (of_office = '' OR held_office = of_office)
    UNION ALL
    SELECT 'vehicles.out', 1, id FROM visits, bounds WHERE departed_at >= a AND departed_at < z AND (of_office = '' OR departed_office = of_office)
$$;

-- The figures of a day, cell by cell, as the sums of `counted` would be; for the spans, in no order, parts of the sample: more than one row for each
-- of span.lane, span.conclusion and span.clearance. A sum beyond 63 bits stays at its limit. office '' is every office.
-- What is grouped by is set only where something is counted under it, so that few groups come of many declarations. They are hashed, in memory: PostgreSQL
-- expects a handful of declarations, and groups of 24 KB. It plans once on a connection; planning takes longer than counting a small office.
CREATE FUNCTION added_up(of_office text, of_day date) RETURNS TABLE (cell text, number bigint, spans bigint[]) LANGUAGE plpgsql STABLE
    SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_sort = off SET work_mem = '32MB' SET jit = off AS $$
#variable_conflict use_column
DECLARE
    a CONSTANT timestamptz := of_day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh';
    z CONSTANT timestamptz := (of_day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh';
BEGIN
    RETURN QUERY WITH sums AS MATERIALIZED (
        SELECT CASE WHEN lodged THEN 'lodged.' || direction || '.' || kind || '.' || lane END AS lodging,
            CASE WHEN lodged THEN 'value.' || currency END AS money,
            CASE WHEN decided AND lane <> 'green' THEN CASE
                WHEN was_reassigned THEN 'assigned.reassigned'
                WHEN was_assigned THEN 'assigned.automatic'
                ELSE 'assigned.queued.' || COALESCE(NULLIF(queue_reason, ''), 'UNSTATED') END END AS assignment,
            count(*) AS things, sum(value) AS value, sum(duty_vnd) FILTER (WHERE lodged) AS duty,
            count(*) FILTER (WHERE amended) AS amended, count(*) FILTER (WHERE withdrawn) AS withdrawn,
            count(*) FILTER (WHERE clearance_refused) AS clearance_refused, count(*) FILTER (WHERE cleared) AS cleared,
            count(paid_vnd) AS dutiable, count(*) FILTER (WHERE paid_vnd = duty_vnd) AS dutiable_paid,
            sum(duty_vnd) FILTER (WHERE paid_vnd IS NOT NULL) AS duty_cleared, sum(paid_vnd) AS duty_paid,
            count(*) FILTER (WHERE reassigned) AS reassigned, count(*) FILTER (WHERE open) AS open,
            array_agg(to_lane) FILTER (WHERE decided) AS to_lane, array_agg(to_conclusion) FILTER (WHERE concluded) AS to_conclusion,
            array_agg(to_clearance) FILTER (WHERE cleared) AS to_clearance
        FROM day_of(of_office, of_day) GROUP BY 1, 2, 3
    ), summed AS (
        SELECT lodging AS cell, sum(things) AS number FROM sums WHERE lodging IS NOT NULL GROUP BY lodging
        UNION ALL SELECT money, sum(value) FROM sums WHERE money IS NOT NULL GROUP BY money
        UNION ALL SELECT assignment, sum(things) FROM sums WHERE assignment IS NOT NULL GROUP BY assignment
        UNION ALL SELECT t.cell, t.number
        FROM (SELECT sum(duty), sum(amended), sum(withdrawn), sum(clearance_refused), sum(cleared), sum(dutiable), sum(dutiable_paid),
                sum(duty_cleared), sum(duty_paid), sum(reassigned), sum(open) FROM sums)
            AS s (duty, amended, withdrawn, clearance_refused, cleared, dutiable, dutiable_paid, duty_cleared, duty_paid, reassigned, open),
            LATERAL (VALUES ('duty', duty), ('amended', amended), ('withdrawn', withdrawn), ('clearance-refused', clearance_refused),
                ('cleared', cleared), ('dutiable.cleared', dutiable), ('dutiable.paid', dutiable_paid), ('duty.cleared', duty_cleared),
                ('duty.paid', duty_paid), ('reassigned', reassigned), ('open', open)) AS t (cell, number)
        UNION ALL SELECT 'refused.' || r.attempt, count(*)
        FROM refusals r WHERE r.at >= a AND r.at < z AND (of_office = '' OR r.office = of_office) GROUP BY r.attempt
        UNION ALL SELECT 'vehicles.in', count(*)
        FROM visits WHERE arrived_at >= a AND arrived_at < z AND (of_office = '' OR arrived_office = of_office)
        UNION ALL SELECT 'vehicles.held', count(*)
        FROM visits WHERE held_at >= a AND held_at < z AND (of_office = '' OR held_office = of_office)
        UNION ALL SELECT 'vehicles.out', count(*)
        FROM visits WHERE departed_at >= a AND departed_at < z AND (of_office = '' OR departed_office = of_office)
    )
    SELECT cell, LEAST(number, 9223372036854775807)::bigint, NULL::bigint[] FROM summed WHERE number <> 0
    UNION ALL SELECT 'span.lane', NULL, to_lane FROM sums WHERE to_lane IS NOT NULL
    UNION ALL SELECT 'span.conclusion', NULL, to_conclusion FROM sums WHERE to_conclusion IS NOT NULL
    UNION ALL SELECT 'span.clearance', NULL, to_clearance FROM sums WHERE to_clearance IS NOT NULL;
END $$;
