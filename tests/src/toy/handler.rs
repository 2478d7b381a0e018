//! What the toy does with facts and commands.
use async_trait::async_trait;
use platform::{
    Fact, Failure, Handler, Outcome, Work,
    commands::{Call, Decide},
    serving::Refusal,
};

use super::{ANSWERS, OUTSIDE, TOPIC, entry};

/// A version of the toy that does not know what `new` means.
pub struct Older;

#[async_trait]
impl Handler for Older {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = Vec::with_capacity(facts.len());
        for fact in facts {
            let unknown = *fact.payload == *b"new";
            outcomes.push(if unknown { Outcome::unknown_kind(fact.kind()) } else { apply(work, fact).await? });
        }
        Ok(outcomes)
    }
}

/// `ok`, `arrive`, `await` (until its subject has arrived), `reject` (until the subject `mended` exists), `impossible` (the database refuses it),
/// `panic`.
pub struct Toy;

#[async_trait]
impl Handler for Toy {
    async fn apply(&self, work: &mut Work<'_>, facts: &[Fact]) -> Result<Vec<Outcome>, Failure> {
        let mut outcomes = Vec::with_capacity(facts.len());
        for fact in facts {
            outcomes.push(apply(work, fact).await?);
        }
        Ok(outcomes)
    }
}

async fn apply(work: &mut Work<'_>, fact: &Fact) -> Result<Outcome, Failure> {
    let body = String::from_utf8_lossy(&fact.payload).into_owned();
    let subject = fact.subject().to_owned();
    match body.as_str() {
        "await" if !known(work, &subject).await? => return Ok(Outcome::Await { subject }),
        "reject" if !known(work, "mended").await? => return Ok(Outcome::Reject { code: "TOY", reason: "told to".to_owned() }),
        "panic" => panic!("told to"),
        "arrive" => {
            sqlx::query("INSERT INTO subjects VALUES ($1) ON CONFLICT DO NOTHING").bind(&subject).execute(&mut *work.conn).await?;
            work.arrived.push(subject.clone());
        }
        _ => {}
    }
    sqlx::query("INSERT INTO effects (place, subject, body) VALUES ($1, $2, $3)")
        .bind(fact.place())
        .bind(&subject)
        .bind(&body)
        .execute(&mut *work.conn)
        .await?;
    if *fact.topic == *OUTSIDE {
        let answer = if fact.reused { "other content" } else { "answered" };
        let answer = entry(ANSWERS, fact.office(), &subject, answer);
        work.entries.push(answer.answering("sender", "application/json", (!fact.reused).then(|| fact.message_id())));
    }
    Ok(Outcome::Done)
}

async fn known(work: &mut Work<'_>, subject: &str) -> Result<bool, Failure> {
    Ok(sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM subjects WHERE subject = $1)").bind(subject).fetch_one(&mut *work.conn).await?)
}

/// Adds one to an office and tells so; panics over the office `panic`.
pub struct Add {
    pub offices: Vec<String>,
}

#[async_trait]
impl Decide for Toy {
    type Command = Add;

    async fn decide(&self, work: &mut Work<'_>, calls: &[Call<Add>]) -> Result<Vec<Result<Vec<u8>, Refusal>>, Failure> {
        let mut offices: Vec<String> = calls.iter().flat_map(|c| c.command.offices.clone()).collect();
        offices.sort_unstable();
        offices.dedup();
        assert!(!offices.iter().any(|office| office == "panic"), "told to");
        sqlx::query("SELECT office FROM offices WHERE office = ANY($1) ORDER BY office FOR UPDATE").bind(&offices).fetch_all(&mut *work.conn).await?;
        for call in calls {
            for office in &call.command.offices {
                sqlx::query("UPDATE offices SET total = total + 1 WHERE office = $1").bind(office).execute(&mut *work.conn).await?;
                work.entries.push(entry(TOPIC, office, office, "ok"));
            }
        }
        Ok(calls.iter().map(|c| Ok(c.key.clone().into_bytes())).collect())
    }
}
