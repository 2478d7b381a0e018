-- What a clock put elsewhere has a life of its own, 4, in the index that finds a day. An index of its own, over the difference of two times, made every
-- decision write all indexes of its declaration anew, since no row with an indexed column that changes stays on its page.
-- The new column writes the table anew while reporting waits. The version before goes on beside it: no version names the column, `counted` alone does.
DROP INDEX declarations_of_other_clocks;
DROP STATISTICS declarations_clocks;
ALTER TABLE declarations DROP COLUMN life;
ALTER TABLE declarations ADD COLUMN life smallint NOT NULL GENERATED ALWAYS AS (CASE
    WHEN lodged_at - decided_at > interval '1 hour' THEN 4
    WHEN lodged_at IS NULL OR COALESCE(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) IS NULL THEN 3
    WHEN GREATEST(decided_at, concluded_at, reassigned_at, cleared_at, withdrawn_at, clearance_refused_at, replaced_at) - lodged_at <= interval '6 hours' THEN 0
    WHEN GREATEST(decided_at, concluded_at, reassigned_at, cleared_at, withdrawn_at, clearance_refused_at, replaced_at) - lodged_at <= interval '48 hours' THEN 1
    WHEN GREATEST(decided_at, concluded_at, reassigned_at, cleared_at, withdrawn_at, clearance_refused_at, replaced_at) - lodged_at <= interval '384 hours' THEN 2
    ELSE 3 END) STORED;
COMMENT ON COLUMN declarations.life IS 'over within 6 hours of its lodging (0), 48 (1), 384 (2), later or not yet (3); decided by a clock that is an hour off (4)';
CREATE INDEX declarations_of_day ON declarations (office, life, lodged_at);

-- One row for each thing that adds to a cell of a day; spans of time, in ms, under span.lane, span.conclusion and span.clearance.
-- office '' is every office. Things: number of 12 digits, sender/reference#stream-position of a refused message, visit.
-- The declarations of the day are found once, and each cell takes those that add to it: asking each of them for all its cells takes three times as long.
CREATE OR REPLACE FUNCTION counted(of_office text, of_day date) RETURNS TABLE (cell text, number bigint, thing text) LANGUAGE sql STABLE AS $$
    WITH bounds AS NOT MATERIALIZED (
        SELECT of_day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS a, (of_day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS z
    ), known AS MATERIALIZED (
        SELECT key, version, direction, kind, currency, value, duty_vnd, amended, queue_reason, lodged_at, decided_at, concluded_at, cleared_at,
            CASE WHEN decided_at < z THEN lane ELSE 'none' END AS lane,
            lodged_at >= a AND lodged_at < z AS lodged,
            decided_at >= a AND decided_at < z AS decided,
            concluded_at >= a AND concluded_at < z AS concluded,
            cleared_at >= a AND cleared_at < z AS cleared,
            withdrawn_at >= a AND withdrawn_at < z AS withdrawn,
            clearance_refused_at >= a AND clearance_refused_at < z AS clearance_refused,
            reassigned_at >= a AND reassigned_at < z AS reassigned,
            lodged_at < z AND COALESCE(LEAST(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) >= z, true) AS open,
            assigned_at < z AS was_assigned, reassigned_at < z AS was_reassigned
        FROM declarations, bounds
        WHERE lodged_at IS NOT NULL AND (of_office = '' OR office = of_office)
            -- By the index: what is at work for long, of the rest what was lodged shortly before or on the day, and what a clock put elsewhere.
            AND (life = 4
                OR life = 3 AND lodged_at < z + interval '1 hour'
                OR life = 0 AND lodged_at >= a - interval '6 hours' AND lodged_at < z + interval '1 hour'
                OR life = 1 AND lodged_at >= a - interval '48 hours' AND lodged_at < z + interval '1 hour'
                OR life = 2 AND lodged_at >= a - interval '384 hours' AND lodged_at < z + interval '1 hour')
            -- Cheap and sure to keep all that can count: begun before the day's end, and not over before its start.
            AND LEAST(lodged_at, decided_at) < z
            AND (GREATEST(lodged_at, decided_at, concluded_at, reassigned_at, cleared_at, withdrawn_at, clearance_refused_at, replaced_at) >= a
                OR COALESCE(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) IS NULL)
    ), dutiable AS MATERIALIZED (
        -- A payment names the version that was current; it counts for the one that is cleared.
        SELECT key, version, duty_vnd, LEAST(duty_vnd, (SELECT max(p.paid_vnd) FROM declarations p WHERE p.key = k.key)) AS paid
        FROM known k WHERE cleared AND duty_vnd > 0
    )
    SELECT cell, number, key || version
    FROM (
        SELECT 'lodged.' || direction || '.' || kind || '.' || lane AS cell, 1::bigint AS number, key, version FROM known WHERE lodged AND NOT amended
        UNION ALL SELECT 'value.' || currency, value, key, version FROM known WHERE lodged AND NOT amended AND value <> 0
        UNION ALL SELECT 'duty', duty_vnd, key, version FROM known WHERE lodged AND NOT amended AND duty_vnd <> 0
        UNION ALL SELECT 'amended', 1, key, version FROM known WHERE lodged AND amended
        UNION ALL SELECT 'withdrawn', 1, key, version FROM known WHERE withdrawn
        UNION ALL SELECT 'clearance-refused', 1, key, version FROM known WHERE clearance_refused
        UNION ALL SELECT 'cleared', 1, key, version FROM known WHERE cleared
        UNION ALL SELECT 'dutiable.cleared', 1, key, version FROM dutiable
        UNION ALL SELECT 'dutiable.paid', 1, key, version FROM dutiable WHERE paid = duty_vnd
        UNION ALL SELECT 'duty.cleared', duty_vnd, key, version FROM dutiable
        UNION ALL SELECT 'duty.paid', paid, key, version FROM dutiable WHERE paid <> 0
        UNION ALL SELECT CASE
                WHEN was_reassigned THEN 'assigned.reassigned'
                WHEN was_assigned THEN 'assigned.automatic'
                ELSE 'assigned.queued.' || COALESCE(NULLIF(queue_reason, ''), 'UNSTATED') END, 1, key, version
            FROM known WHERE decided AND lane <> 'green'
        UNION ALL SELECT 'reassigned', 1, key, version FROM known WHERE reassigned
        UNION ALL SELECT 'open', 1, key, version FROM known WHERE open
        UNION ALL SELECT 'span.lane', GREATEST(floor(extract(epoch FROM decided_at - lodged_at) * 1000), 0)::bigint, key, version FROM known WHERE decided
        UNION ALL SELECT 'span.conclusion', GREATEST(floor(extract(epoch FROM concluded_at - lodged_at) * 1000), 0)::bigint, key, version
            FROM known WHERE concluded
        UNION ALL SELECT 'span.clearance', GREATEST(floor(extract(epoch FROM cleared_at - lodged_at) * 1000), 0)::bigint, key, version FROM known WHERE cleared
    ) AS of_declarations
    UNION ALL
    SELECT 'refused.' || r.attempt, 1, r.sender || '/' || r.reference || '#' || r.stream || '-' || r.position
    FROM refusals r, bounds WHERE r.at >= a AND r.at < z AND (of_office = '' OR r.office = of_office)
    UNION ALL
    SELECT v.cell, 1, w.id
    FROM visits w, bounds, LATERAL (VALUES
        ('vehicles.in', w.arrived_at, w.arrived_office), ('vehicles.held', w.held_at, w.held_office), ('vehicles.out', w.departed_at, w.departed_office)
    ) AS v (cell, at, office)
    WHERE v.at >= a AND v.at < z AND (of_office = '' OR v.office = of_office)
$$;
