//! What each process does with a batch, within its transaction: decode, a row of state, the journal's rows.
use std::{borrow::Cow, collections::HashMap};

use anyhow::{Result, ensure};
use sqlx::PgConnection;

use crate::{
    declaration::Declaration,
    journal::{Journal, Row},
    reading::Fact,
    store::{self, Carried, File, Lodging, Reported},
    topology::{DECIDED, DECLARATIONS, LODGED, Service},
    wire::{self, Answer, Decided, Filler, Lodged},
};

/// A declaration is lodged and answered 01; a lane is noted and answered 09.
pub async fn intake<'m>(conn: &mut PgConnection, facts: &[Fact<'m>], filler: &Filler) -> Result<Vec<Row<'m>>> {
    let mut journal = Journal::lock(conn, Service::Intake.tells(), facts).await?;
    let mut lodgings = Vec::new();
    for fact in facts.iter().filter(|fact| fact.topic == DECLARATIONS) {
        let declaration: Declaration = serde_json::from_slice(fact.payload)?;
        let (stream, position) = journal.next(0, fact.office);
        let number = format!("{stream:02}{position:010}");
        let lodged = wire::lodged(&number, &declaration, position, filler)?;
        let Declaration { sender, reference, office, lines, .. } = declaration;
        let answer = wire::answer(&Answer::accepted(fact.id, &sender, &reference, &number))?;
        lodgings.push(Lodging {
            source: fact.source,
            id: fact.id,
            number: number.clone(),
            sender,
            reference,
            office,
            lines: lines.len(),
            body: lodged.clone(),
        });
        journal.append(0, "customs.intake.v1.Lodged", number.clone(), fact, lodged)?;
        journal.append(1, "nsw.v1.Response", number, fact, answer)?;
    }
    if !lodgings.is_empty() {
        ensure!(store::receive(conn, &lodgings).await? == lodgings.len() as u64, "a message came twice");
        store::lodge(conn, &lodgings).await?;
    }
    let lanes: Vec<&Fact<'m>> = facts.iter().filter(|fact| fact.topic == DECIDED).collect();
    if !lanes.is_empty() {
        let decided: Vec<Decided<'_>> = lanes.iter().map(|fact| serde_json::from_slice(fact.payload)).collect::<Result<_, _>>()?;
        let told = store::clear(conn, &decided).await?;
        ensure!(told.len() == decided.len(), "a lane without a declaration");
        for (place, sender, reference) in &told {
            let place = usize::try_from(*place)? - 1;
            let answer = wire::answer(&Answer::cleared(sender, reference, &decided[place]))?;
            journal.append(1, "nsw.v1.Response", decided[place].number.to_string(), lanes[place], answer)?;
        }
    }
    Ok(journal.rows)
}

/// Every declaration is green, and its trace is written as if it had been decided.
pub async fn risk<'m>(conn: &mut PgConnection, facts: &[Fact<'m>], filler: &Filler) -> Result<Vec<Row<'m>>> {
    let mut journal = Journal::lock(conn, Service::Risk.tells(), facts).await?;
    let mut files = Vec::with_capacity(facts.len());
    for fact in facts {
        let lodged: Lodged<'m> = serde_json::from_slice(fact.payload)?;
        journal.append(0, "customs.risk.v1.Decided", lodged.number.to_string(), fact, wire::decided(&lodged)?)?;
        journal.append(1, "customs.risk.v1.Traced", lodged.number.to_string(), fact, wire::trace(&lodged, fact.position, filler)?)?;
        files.push(File { facts: filler.text(fact.position, 300), office: fact.office, number: lodged.number });
    }
    if !files.is_empty() {
        store::file(conn, &files).await?;
    }
    Ok(journal.rows)
}

/// What was lodged is carried by a vehicle; a lane is read and changes nothing.
pub async fn tracking<'m>(conn: &mut PgConnection, facts: &[Fact<'m>]) -> Result<Vec<Row<'m>>> {
    let mut carried = Vec::with_capacity(facts.len());
    for fact in facts {
        if fact.topic == LODGED {
            let Lodged { number, vehicle, direction, .. } = serde_json::from_slice(fact.payload)?;
            carried.push(Carried { number, vehicle, direction });
        } else {
            let _: Decided<'_> = serde_json::from_slice(fact.payload)?;
        }
    }
    if !carried.is_empty() {
        store::carry(conn, &carried).await?;
    }
    Ok(Vec::new())
}

/// One row of a declaration for all its facts, one stage for each.
pub async fn reporting<'m>(conn: &mut PgConnection, facts: &[Fact<'m>]) -> Result<Vec<Row<'m>>> {
    let mut reported: HashMap<Cow<'m, str>, Reported<'m>> = HashMap::with_capacity(facts.len());
    let mut stages = Vec::with_capacity(facts.len());
    for fact in facts {
        let number = match fact.topic {
            LODGED => {
                let Lodged { number, sender, .. } = serde_json::from_slice(fact.payload)?;
                let row = reported.entry(number.clone()).or_default();
                (row.office, row.sender, row.lodged) = (fact.office, sender, true);
                number
            }
            DECIDED => {
                let Decided { number, lane, .. } = serde_json::from_slice(fact.payload)?;
                let row = reported.entry(number.clone()).or_default();
                (row.office, row.lane) = (fact.office, lane);
                number
            }
            _ => continue,
        };
        stages.push((number, fact));
    }
    if !stages.is_empty() {
        store::report(conn, &reported).await?;
        store::stage(conn, &stages).await?;
    }
    Ok(Vec::new())
}
