//! The figures of a day are the sums over what is listed behind their cells, for declarations as odd as facts can make them.
use std::collections::BTreeMap;

use contracts::reporting::{DailyReportRequest, reporting_server::Reporting as _};

use system_tests::Sandbox;

use crate::{by, counter, sandbox};

/// 6,000 versions of 4,000 declarations of three offices, over 40 days: known in part, decided or lodged by clocks that are off, over after minutes
/// or weeks or never, amended, replaced, paid in part or too much or under the other version, worth nothing or more than 63 bits can sum.
const DECLARATIONS: &str = r#"
    INSERT INTO declarations (key, version, office, direction, kind, class, sender, reference, currency, value, duty_vnd, paid_vnd, amended, lane, form,
        officer, queue_reason, conform, officer_position, trace, lodged_at, decided_at, assigned_at, concluded_at, reassigned_at, cleared_at, withdrawn_at,
        clearance_refused_at, replaced_at)
    SELECT lpad((n % 4000)::text, 11, '0'), n / 4000, (ARRAY['32BB', '32BC', '33BA'])[1 + n % 3], (ARRAY['import', 'export'])[1 + n % 2],
        (ARRAY['A11', 'A12', 'B11', 'H21'])[1 + floor(4 * random())::int], 'cargo', 'S', 'R' || n,
        (ARRAY['USD', 'VND', 'EUR'])[1 + floor(3 * random())::int], (ARRAY[0, 1, 250000, 3000000000000000000])[1 + floor(4 * random())::int],
        (ARRAY[0, 0, 700, 2000000000000000000])[1 + floor(4 * random())::int], (ARRAY[0, 0, 300, 700, 2000000000000000001])[1 + floor(5 * random())::int],
        n >= 4000, (ARRAY['green', 'yellow', 'red'])[1 + floor(3 * random())::int], '', '', (ARRAY['', 'NO_ROSTER', 'ALL_BUSY'])[1 + floor(3 * random())::int],
        false, 0, '', CASE WHEN random() < 0.95 THEN l END,
        CASE WHEN random() < 0.9 THEN l + interval '1 minute' * ((random() - 0.3) * 10 ^ (5 * random())) END,
        CASE WHEN random() < 0.5 THEN l + interval '1 minute' * 10 ^ (4 * random()) END,
        CASE WHEN random() < 0.5 THEN l + interval '1 minute' * ((random() - 0.1) * 10 ^ (4 * random())) END,
        CASE WHEN random() < 0.2 THEN l + interval '1 minute' * 10 ^ (4 * random()) END,
        CASE WHEN random() < 0.6 THEN l + interval '1 minute' * ((random() - 0.1) * 10 ^ (4.5 * random())) END,
        CASE WHEN random() < 0.1 THEN l + interval '1 minute' * 10 ^ (4 * random()) END,
        CASE WHEN random() < 0.1 THEN l + interval '1 minute' * 10 ^ (4 * random()) END,
        CASE WHEN random() < 0.2 THEN l + interval '1 minute' * 10 ^ (4 * random()) END
    FROM (SELECT n, timestamptz '2026-06-01 00:00+07' + interval '1 hour' * floor(960 * random())
        + CASE WHEN n % 4 = 0 THEN interval '0' ELSE interval '1 hour' * random() END AS l FROM generate_series(0, 5999) AS n) AS lodged"#;

const REFUSALS: &str = "
    INSERT INTO refusals (topic, stream, position, attempt, office, direction, kind, code, sender, reference, at)
    SELECT 'customs.intake.v1', 0, n, (ARRAY['lodged', 'amended', 'paid'])[1 + n % 3], (ARRAY['32BB', '33BA', ''])[1 + n % 3], '', '', 'C', 'S', 'R' || n,
        timestamptz '2026-06-01 00:00+07' + interval '40 days' * random() FROM generate_series(1, 900) AS n";

const VISITS: &str = "
    INSERT INTO visits (id, arrived_at, arrived_office, held_at, held_office, departed_at, departed_office)
    SELECT 'V' || n, CASE WHEN n % 7 > 0 THEN at END, CASE WHEN n % 7 > 0 THEN o ELSE '' END, CASE WHEN n % 5 = 0 THEN at + interval '2 hours' END,
        CASE WHEN n % 5 = 0 THEN o ELSE '' END, CASE WHEN n % 3 > 0 THEN at + interval '1 day' * random() END, CASE WHEN n % 3 > 0 THEN '32BC' ELSE '' END
    FROM (SELECT n, (ARRAY['32BB', '33BA'])[1 + n % 2] AS o, timestamptz '2026-06-01 00:00+07' + interval '40 days' * random() AS at
        FROM generate_series(1, 2000) AS n) AS seen";

/// Sums and percentiles, by the nearest rank, of what is listed.
const LISTED: &str = r#"
    WITH listed AS (SELECT cell, number FROM counted($1, $2::date))
    SELECT cell, LEAST(sum(number), 9223372036854775807)::bigint FROM listed WHERE cell NOT LIKE 'span.%' GROUP BY cell
    UNION ALL SELECT replace(cell, 'span.', 'median.'), (array_agg(number ORDER BY number))[(500 * count(*) + 999) / 1000]
    FROM listed WHERE cell LIKE 'span.%' GROUP BY cell
    UNION ALL SELECT replace(cell, 'span.', 'p90.'), (array_agg(number ORDER BY number))[(900 * count(*) + 999) / 1000]
    FROM listed WHERE cell LIKE 'span.%' GROUP BY cell"#;

/// A site full of them, the same in every run.
pub async fn odd_site() -> anyhow::Result<Sandbox> {
    let sandbox = sandbox().await?;
    let mut conn = sandbox.pool.acquire().await?;
    sqlx::query("SELECT setseed(0.27)").execute(&mut *conn).await?;
    for filling in [DECLARATIONS, REFUSALS, VISITS] {
        sqlx::query(filling).execute(&mut *conn).await?;
    }
    Ok(sandbox)
}

#[tokio::test]
async fn figures_are_the_sums_of_what_is_listed_however_odd_declarations_are() -> anyhow::Result<()> {
    let sandbox = odd_site().await?;
    let mut conn = sandbox.pool.acquire().await?;
    let counter = counter(&sandbox, false);
    let mut seen = BTreeMap::<String, u32>::new();
    let mut saturated = false;
    for scope in ["32BB", "32BC", "33BA", "all"] {
        for day in ["2026-05-28", "2026-06-01", "2026-06-02", "2026-06-20", "2026-07-10", "2026-07-11", "2026-08-15"] {
            let office = if scope == "all" { "" } else { scope };
            let listed: Vec<(String, i64)> = sqlx::query_as(LISTED).bind(office).bind(day).fetch_all(&mut *conn).await?;
            let listed: BTreeMap<String, i64> = listed.into_iter().collect();
            let request = DailyReportRequest { scope: scope.to_owned(), day: day.to_owned(), ..Default::default() };
            let report = counter.daily_report(by("an", "*", request)).await?.into_inner();
            // Totals and the share are made of the others; a figure without any thing behind it is 0.
            let made = ["lodged.total", "refused.total", "assigned.share"];
            let figures: BTreeMap<String, i64> = report.figures.into_iter().map(|f| (f.cell, f.value)).collect();
            let found = figures.iter().filter(|(cell, value)| !made.contains(&cell.as_str()) && (**value != 0 || listed.contains_key(*cell)));
            let found: BTreeMap<String, i64> = found.map(|(cell, value)| (cell.clone(), *value)).collect();
            assert_eq!(found, listed, "{scope} {day}");
            saturated |= listed.values().any(|number| *number == i64::MAX);
            listed.into_keys().for_each(|cell| *seen.entry(cell).or_default() += 1);
        }
    }
    assert!(saturated, "no sum met its limit");
    let cells = [
        "amended",
        "withdrawn",
        "cleared",
        "clearance-refused",
        "assigned.automatic",
        "assigned.reassigned",
        "assigned.queued.NO_ROSTER",
        "assigned.queued.UNSTATED",
        "reassigned",
        "duty",
        "dutiable.cleared",
        "dutiable.paid",
        "duty.cleared",
        "duty.paid",
        "vehicles.in",
        "vehicles.out",
        "vehicles.held",
        "open",
        "refused.paid",
        "lodged.import.A11.none",
        "lodged.export.H21.red",
        "value.USD",
        "p90.lane",
        "median.conclusion",
        "p90.clearance",
    ];
    for cell in cells {
        assert!(seen.contains_key(cell), "{cell} is never listed: {seen:?}");
    }
    Ok(())
}
