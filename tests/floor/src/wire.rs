//! What travels between the four: JSON of the sizes that the services' facts, answers and traces have.
use std::borrow::Cow;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::declaration::Declaration;

/// Bytes of each kind on the wire.
const LODGED: usize = 450;
const DECIDED: usize = 160;
const ANSWER: usize = 250;
const TRACE: usize = 3_000;

/// Fields that nobody sets here stay out, but for the text that gives a fact its size.
#[derive(Serialize, Deserialize)]
pub struct Lodged<'m> {
    #[serde(borrow)]
    pub number: Cow<'m, str>,
    #[serde(borrow)]
    pub office: Cow<'m, str>,
    #[serde(borrow)]
    pub sender: Cow<'m, str>,
    #[serde(borrow)]
    pub reference: Cow<'m, str>,
    #[serde(borrow)]
    pub vehicle: Cow<'m, str>,
    #[serde(borrow)]
    pub direction: Cow<'m, str>,
    pub lines: usize,
    #[serde(borrow)]
    pub rest: Cow<'m, str>,
}

#[derive(Serialize, Deserialize)]
pub struct Decided<'m> {
    #[serde(borrow)]
    pub number: Cow<'m, str>,
    #[serde(borrow)]
    pub office: Cow<'m, str>,
    #[serde(borrow)]
    pub lane: Cow<'m, str>,
    #[serde(borrow)]
    pub rest: Cow<'m, str>,
}

#[derive(Serialize, Deserialize)]
pub struct Answer<'m> {
    pub function: Cow<'m, str>,
    pub recipient: Cow<'m, str>,
    pub reference: Cow<'m, str>,
    pub in_reply_to: Cow<'m, str>,
    pub number: Cow<'m, str>,
    pub lane: Cow<'m, str>,
    pub note_en: Cow<'m, str>,
}

#[derive(Serialize)]
struct Traced<'m> {
    number: &'m str,
    office: &'m str,
    steps: &'m str,
}

pub fn lodged(number: &str, declaration: &Declaration, seed: i64, filler: &Filler) -> Result<Vec<u8>> {
    let mut fact = Lodged {
        number: number.into(),
        office: declaration.office.as_str().into(),
        sender: declaration.sender.as_str().into(),
        reference: declaration.reference.as_str().into(),
        vehicle: declaration.vehicle.as_str().into(),
        direction: declaration.direction.as_str().into(),
        lines: declaration.lines.len(),
        rest: Cow::default(),
    };
    let known = fact.number.len() + fact.office.len() + fact.sender.len() + fact.reference.len() + fact.vehicle.len() + fact.direction.len();
    fact.rest = filler.text(seed, LODGED.saturating_sub(known + 100)).into();
    sized(&fact, LODGED)
}

pub fn decided(lodged: &Lodged<'_>) -> Result<Vec<u8>> {
    const REST: &str = "score 0.012734 without a hit, no model, random stratum 0.02, no officer, no queue, day 331";
    let (number, office) = (lodged.number.as_ref().into(), lodged.office.as_ref().into());
    sized(&Decided { number, office, lane: "green".into(), rest: REST.into() }, DECIDED)
}

/// Text that LZ4 makes two and a half times smaller, as it does with a trace.
pub fn trace(lodged: &Lodged<'_>, seed: i64, filler: &Filler) -> Result<Vec<u8>> {
    sized(&Traced { number: &lodged.number, office: &lodged.office, steps: filler.text(seed, TRACE - 60) }, TRACE)
}

pub fn answer(answer: &Answer<'_>) -> Result<Vec<u8>> {
    sized(answer, ANSWER)
}

fn sized(value: &impl Serialize, about: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(about + about / 8);
    serde_json::to_writer(&mut bytes, value)?;
    Ok(bytes)
}

impl<'m> Answer<'m> {
    pub fn accepted(id: &'m str, sender: &'m str, reference: &'m str, number: &'m str) -> Self {
        let note_en = "The declaration was accepted and has its number; lane and officer follow when they are decided.".into();
        let (recipient, reference, in_reply_to, number) = (sender.into(), reference.into(), id.into(), number.into());
        Self { function: "01".into(), recipient, reference, in_reply_to, number, lane: "".into(), note_en }
    }

    pub fn cleared(sender: &'m str, reference: &'m str, decided: &'m Decided<'_>) -> Self {
        let (number, lane) = (decided.number.as_ref().into(), decided.lane.as_ref().into());
        let note_en = "The declaration is cleared; the goods may leave the place of control when the gate has seen them.".into();
        Self { function: "09".into(), recipient: sender.into(), reference: reference.into(), in_reply_to: "".into(), number, lane, note_en }
    }
}

/// Words drawn once from a small vocabulary; every text is a piece of them.
pub struct Filler(String);

impl Filler {
    const LENGTH: usize = 1 << 16;

    pub fn new() -> Self {
        const WORDS: [&str; 24] = [
            "criterion",
            "profile matched",
            "threshold",
            "declared value",
            "country of origin",
            "commodity code",
            "weight",
            "consignor",
            "history of trader",
            "office",
            "goods line",
            "score",
            "contribution",
            "leaf of tree",
            "random quota",
            "top-up",
            "officer",
            "points",
            "roster",
            "interval",
            "gross mass",
            "tariff",
            "permit",
            "supervisor",
        ];
        let mut random = 0x2545_f491_4f6c_dd1d_u64;
        let mut text = String::with_capacity(Self::LENGTH * 2);
        while text.len() < Self::LENGTH * 2 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            text.push_str(WORDS[usize::try_from(random % 24).unwrap_or(0)]);
            text.push_str(&format!(" is {}; ", (random >> 40) % 100));
        }
        Self(text)
    }

    pub fn text(&self, seed: i64, length: usize) -> &str {
        let from = usize::try_from(seed).unwrap_or(0).wrapping_mul(7_919) % Self::LENGTH;
        &self.0[from..from + length]
    }
}
