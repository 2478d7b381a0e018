//! Reading reports: the newest or an earlier version, the declarations behind a cell, indicators over days. Figures that are kept are not counted.
use std::collections::BTreeMap;

use contracts::reporting::{CellRequest, CellResponse, DailyReportRequest, Indicator, IndicatorsRequest, IndicatorsResponse, Report as WireReport};
use platform::{Failure, serving::Refusal};
use reporting_domain::{Cell, Figure, Report, Scope, indicators};
use sqlx::{PgConnection, PgPool};
use values::Day;

use crate::{
    report,
    store::{self, Behind},
};

/// Most things in one answer, and the number when the caller names none.
const MOST: u32 = 1000;
const USUAL: u32 = 100;
/// Days over which indicators are added up at most.
const MOST_DAYS: i64 = 366;

/// Version 0 is the newest version, or the live figures while the day is open.
pub async fn daily(pool: &PgPool, scope: &Scope, day: Day, request: &DailyReportRequest) -> Result<WireReport, Refusal> {
    let mut conn = pool.acquire().await?;
    let newest = store::newest(&mut conn, scope, day).await?;
    let Some(newest) = newest else {
        if request.version > 0 {
            return Err(Refusal::NotFound(format!("version {} of {scope}/{day}", request.version)));
        }
        let live = live(&mut conn, scope, day).await?;
        return report::shown(&Report::open(scope.clone(), day), &live, false, request.csv);
    };
    if request.version > 0 && request.version != newest.report.version {
        let kept = store::kept(&mut conn, scope, day, request.version).await?;
        let kept = kept.ok_or_else(|| Refusal::NotFound(format!("version {} of {scope}/{day}", request.version)))?;
        return report::shown(&kept.report, &report::decode(&kept.figures)?, false, request.csv);
    }
    let live = live(&mut conn, scope, day).await?;
    report::shown(&newest.report, &report::decode(&newest.figures)?, newest.report.correction_due(&live), request.csv)
}

/// The figures of a day as they are now: as kept, else counted.
async fn live(conn: &mut PgConnection, scope: &Scope, day: Day) -> Result<Vec<Figure>, Failure> {
    match store::counted_between(conn, scope, day, day).await?.pop() {
        Some((_, bytes)) => report::decode(&bytes),
        None => store::figures(conn, scope, day).await,
    }
}

/// What adds to a cell of the live figures, in pages.
pub async fn cell(pool: &PgPool, scope: &Scope, day: Day, request: &CellRequest) -> Result<CellResponse, Refusal> {
    let cell = Cell::parse(&request.cell).map_err(|error| report::wrong("/cell", &error.to_string()))?;
    let behind = Behind::from(&cell);
    let limit = if request.limit == 0 { USUAL } else { request.limit.min(MOST) };
    let mut conn = pool.acquire().await?;
    let mut numbers = store::behind(&mut conn, scope, day, &behind, &request.page_token, i64::from(limit) + 1).await?;
    let total = store::size_behind(&mut conn, scope, day, &behind).await?;
    let more = numbers.len() > limit as usize;
    numbers.truncate(limit as usize);
    let next_page_token = if more { numbers.last().cloned().unwrap_or_default() } else { String::new() };
    Ok(CellResponse { numbers, next_page_token, total })
}

/// Shares over whole days: frozen figures where a day is closed, live ones elsewhere, most of them kept.
pub async fn over(pool: &PgPool, scope: &Scope, request: &IndicatorsRequest) -> Result<IndicatorsResponse, Refusal> {
    let (from, to) = (report::day("/from", &request.from)?, report::day("/to", &request.to)?);
    if to < from || (to - from).num_days() >= MOST_DAYS {
        return Err(report::wrong("/to", "expected a day from `from` on, within 366 days"));
    }
    let mut conn = pool.acquire().await?;
    let kept = store::kept_between(&mut conn, scope, from, to).await?;
    let mut known: BTreeMap<Day, Vec<u8>> = store::counted_between(&mut conn, scope, from, to).await?.into_iter().collect();
    known.extend(kept.into_iter().map(|kept| (kept.report.day, kept.figures)));
    let mut figures = Vec::new();
    for day in from.iter_days().take_while(|day| *day <= to) {
        match known.remove(&day) {
            Some(bytes) => figures.extend(report::decode(&bytes)?),
            None => figures.extend(store::figures(&mut conn, scope, day).await?),
        }
    }
    let shown = indicators(&figures).map(|i| Indicator {
        name: i.name.as_str().to_owned(),
        numerator: i.numerator,
        denominator: i.denominator,
        per_mille: i.per_mille(),
    });
    Ok(IndicatorsResponse { indicators: shown.into() })
}
