//! Cells with what they count, and the timeline of a declaration.
use contracts::reporting::{CellRequest, IndicatorsRequest, TimelineRequest, reporting_server::Reporting as _};
use platform::Fact;
use tonic::Code;

use crate::{
    DAY, KEYS, apply, by, counter,
    facts::{a_day, lodged},
    report, sandbox, value,
};

#[tokio::test]
async fn each_cell_lists_exactly_what_it_counts() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    for facts in a_day() {
        apply(&sandbox, &facts).await?;
    }
    let many: Vec<Fact> = (0..250_i64).map(|n| lodged(&format!("109{:08}", 1000 + n), 1000 + n)).collect();
    apply(&sandbox, &many).await?;
    let counter = counter(&sandbox, false);
    let report = report(&counter, 0).await?;
    let expected = [
        ("lodged.total", 253),
        ("lodged.import.A11.none", 250),
        ("lodged.import.A11.yellow", 1),
        ("lodged.export.B11.green", 1),
        ("amended", 1),
        ("withdrawn", 1),
        ("cleared", 1),
        ("refused.lodged", 1),
        ("assigned.automatic", 1),
        ("assigned.reassigned", 1),
        ("assigned.queued.NO_ROSTER", 1),
        ("assigned.share", 333),
        ("median.lane", 1000),
        ("p90.clearance", 120_000),
        ("duty.paid", 500_000),
        ("dutiable.paid", 1),
        ("value.USD", 253 * 10_000_000),
        ("vehicles.in", 1),
        ("vehicles.out", 1),
        ("vehicles.held", 1),
        ("open", 251),
    ];
    for (cell, number) in expected {
        assert_eq!(value(&report, cell), Some(number), "{cell} in {:?}", report.figures);
    }
    for figure in &report.figures {
        let (mut numbers, mut token) = (Vec::new(), String::new());
        let total = loop {
            let request = CellRequest { scope: "IX".to_owned(), day: DAY.to_owned(), cell: figure.cell.clone(), limit: 60, page_token: token };
            let page = counter.cell(by("an", "*", request)).await?.into_inner();
            numbers.extend(page.numbers);
            token = page.next_page_token;
            if token.is_empty() {
                break page.total;
            }
        };
        let mut distinct = numbers.clone();
        distinct.dedup();
        assert_eq!(i64::try_from(distinct.len())?, total, "{}", figure.cell);
        if ["declarations", "vehicles", "messages"].contains(&figure.unit.as_str()) {
            assert_eq!(total, figure.value, "{}", figure.cell);
        }
    }
    assert!(report.csv.contains("lodged.import.A11.none"));
    let elsewhere = CellRequest { scope: "33BA".to_owned(), day: DAY.to_owned(), cell: "lodged.total".to_owned(), ..Default::default() };
    assert_eq!(counter.cell(by("an", "33BA", elsewhere)).await?.into_inner().total, 0);
    let days = IndicatorsRequest { scope: String::new(), from: "2026-07-05".to_owned(), to: "2026-07-07".to_owned() };
    let indicators = counter.indicators(by("an", "*", days)).await?.into_inner().indicators;
    assert_eq!((indicators[0].numerator, indicators[0].denominator, indicators[0].per_mille), (1, 3, 333));
    Ok(())
}

#[tokio::test]
async fn a_timeline_tells_every_stage_in_order() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    let [of_intake, of_risk, of_tracking] = a_day();
    for facts in [&of_tracking, &of_risk, &of_intake, &of_risk] {
        apply(&sandbox, facts).await?;
    }
    // What a version before the column kept of a fact, and of one more that no row has.
    sqlx::query(
        "INSERT INTO stages SELECT '10900000001', t.topic, 0, t.position, 1, t.stage, t.at, '32BB', '', '', '', '', '', 0, '', '', t.trace
         FROM (SELECT lodged_at + interval '150 ms' AS at, trace FROM declarations WHERE key = '10900000001' AND version = 1) AS d,
             LATERAL (VALUES ('customs.intake.v1', 200, 'amended', d.at, d.trace), ('customs.risk.v1', 202, 'lane changed', d.at, d.trace))
                 AS t (topic, position, stage, at, trace)",
    )
    .execute(&sandbox.pool)
    .await?;
    let counter = counter(&sandbox, false);
    let ask = |number: &str| TimelineRequest { number: number.to_owned() };
    let way = counter.timeline(by("an", "32BB", ask("109000000011"))).await?.into_inner();
    let stages: Vec<(&str, u32, &str)> = way.stages.iter().map(|s| (s.stage.as_str(), s.version, s.person.as_str())).collect();
    let expected = [
        ("lodged", 0, ""),
        ("lane", 0, ""),
        ("assigned", 0, "O-1"),
        ("arrived", 0, ""),
        ("amended", 1, ""),
        ("lane changed", 1, ""),
        ("lane", 1, ""),
        ("assigned", 1, "O-1"),
        ("reassigned", 1, "O-2"),
        ("concluded", 1, "O-2"),
        ("tax due", 1, ""),
        ("payment", 1, ""),
        ("cleared", 1, ""),
        ("departed", 0, ""),
    ];
    assert_eq!(stages, expected);
    assert_eq!(way.stages[1].detail_en, "The lane was decided, yellow lane, document check.");
    assert_eq!((way.stages[3].place.as_str(), way.stages[3].source.as_str()), ("LAOBAO", "customs.tracking.v1/0/150"));
    assert!(way.stages.iter().all(|s| s.office == "32BB" && !s.detail_vi.is_empty() && s.trace.starts_with("00-4bf92f35")));
    assert_eq!(counter.timeline(by("an", "32BB", ask("S1/R-10900000001"))).await?.into_inner().key, KEYS[0]);
    assert_eq!(counter.timeline(by("an", "33BA", ask(KEYS[0]))).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(counter.timeline(by("an", "32BB", ask("10900000099"))).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(counter.timeline(by("an", "32BB", ask("lao bảo 12"))).await.unwrap_err().code(), Code::InvalidArgument);
    Ok(())
}
