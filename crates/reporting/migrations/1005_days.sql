-- What is at work today is no part of an earlier day: the report of that day no longer reads it. Only a declaration that was decided by a clock that is
-- an hour off can count before the day on which it was lodged; there are hardly any.
CREATE INDEX declarations_of_other_clocks ON declarations (office) WHERE lodged_at - decided_at > interval '1 hour';
-- Without it a third of all would be expected there, and the index that finds a day would not be used.
CREATE STATISTICS declarations_clocks ON (lodged_at - decided_at) FROM declarations;

-- One row for each thing that adds to a cell of a day; spans of time, in ms, under span.lane, span.conclusion and span.clearance.
-- office '' is every office. Things: number of 12 digits, sender/reference#stream-position of a refused message, visit.
CREATE OR REPLACE FUNCTION counted(of_office text, of_day date) RETURNS TABLE (cell text, number bigint, thing text) LANGUAGE sql STABLE AS $$
    WITH bounds AS NOT MATERIALIZED (
        SELECT of_day::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS a, (of_day + 1)::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh' AS z
    ), known AS (
        SELECT d.*, b.a, b.z,
            lodged_at >= a AND lodged_at < z AS lodged,
            decided_at >= a AND decided_at < z AS decided,
            concluded_at >= a AND concluded_at < z AS concluded,
            cleared_at >= a AND cleared_at < z AS cleared
        FROM declarations d, bounds b
        WHERE lodged_at IS NOT NULL AND (of_office = '' OR office = of_office)
            -- By two indexes: what is at work for long, of the rest what was lodged shortly before or on the day, and what a clock put elsewhere.
            AND (life = 3 AND lodged_at < z + interval '1 hour'
                OR life = 0 AND lodged_at >= a - interval '6 hours' AND lodged_at < z + interval '1 hour'
                OR life = 1 AND lodged_at >= a - interval '48 hours' AND lodged_at < z + interval '1 hour'
                OR life = 2 AND lodged_at >= a - interval '384 hours' AND lodged_at < z + interval '1 hour'
                OR lodged_at - decided_at > interval '1 hour')
            -- Cheap and sure to keep all that can count: begun before the day's end, and not over before its start.
            AND LEAST(lodged_at, decided_at) < z
            AND (GREATEST(lodged_at, decided_at, concluded_at, reassigned_at, cleared_at, withdrawn_at, clearance_refused_at, replaced_at) >= a
                OR COALESCE(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) IS NULL)
    ), due AS (
        -- A payment names the version that was current; it counts for the one that is cleared.
        SELECT k.*, LEAST(k.duty_vnd, CASE WHEN cleared AND k.duty_vnd > 0
            THEN (SELECT max(p.paid_vnd) FROM declarations p WHERE p.key = k.key) ELSE 0 END) AS paid
        FROM known k
    )
    SELECT c.cell, c.number, d.key || d.version
    FROM due d CROSS JOIN LATERAL (VALUES
        (CASE WHEN lodged AND NOT amended THEN
            'lodged.' || direction || '.' || kind || '.' || CASE WHEN decided_at < z THEN lane ELSE 'none' END END, 1::bigint),
        (CASE WHEN lodged AND NOT amended THEN 'value.' || currency END, value),
        (CASE WHEN lodged AND NOT amended THEN 'duty' END, duty_vnd),
        (CASE WHEN lodged AND amended THEN 'amended' END, 1),
        (CASE WHEN withdrawn_at >= a AND withdrawn_at < z THEN 'withdrawn' END, 1),
        (CASE WHEN clearance_refused_at >= a AND clearance_refused_at < z THEN 'clearance-refused' END, 1),
        (CASE WHEN cleared THEN 'cleared' END, 1),
        (CASE WHEN cleared AND duty_vnd > 0 THEN 'dutiable.cleared' END, 1),
        (CASE WHEN cleared AND duty_vnd > 0 AND paid = duty_vnd THEN 'dutiable.paid' END, 1),
        (CASE WHEN cleared AND duty_vnd > 0 THEN 'duty.cleared' END, duty_vnd),
        (CASE WHEN cleared AND duty_vnd > 0 THEN 'duty.paid' END, paid),
        (CASE WHEN decided AND lane <> 'green' THEN CASE
            WHEN reassigned_at < z THEN 'assigned.reassigned'
            WHEN assigned_at < z THEN 'assigned.automatic'
            ELSE 'assigned.queued.' || COALESCE(NULLIF(queue_reason, ''), 'UNSTATED') END END, 1),
        (CASE WHEN reassigned_at >= a AND reassigned_at < z THEN 'reassigned' END, 1),
        (CASE WHEN lodged_at < z AND COALESCE(LEAST(cleared_at, withdrawn_at, clearance_refused_at, replaced_at) >= z, true) THEN 'open' END, 1),
        (CASE WHEN decided THEN 'span.lane' END, GREATEST(floor(extract(epoch FROM decided_at - lodged_at) * 1000), 0)::bigint),
        (CASE WHEN concluded THEN 'span.conclusion' END, GREATEST(floor(extract(epoch FROM concluded_at - lodged_at) * 1000), 0)::bigint),
        (CASE WHEN cleared THEN 'span.clearance' END, GREATEST(floor(extract(epoch FROM cleared_at - lodged_at) * 1000), 0)::bigint)
    ) AS c (cell, number)
    WHERE c.cell IS NOT NULL AND (c.number <> 0 OR starts_with(c.cell, 'span.'))
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
