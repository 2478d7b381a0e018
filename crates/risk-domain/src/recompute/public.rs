//! An assignment taken again from what everybody may see: roster, loads, draws, and who was left out for reasons of the file.
use crate::{
    assign::{Assignment, Candidate, Choice, LeftOut, queue_reason},
    draw::{Draw, Urn},
    hindrance::Hindrance,
    ledger::Ledger,
    pick::one_of,
    roster::{Officer, Roster},
    two::draw_one,
};

/// What the public row of an assignment says.
#[derive(Debug, Clone, Copy)]
pub struct Published<'a> {
    /// By LIST, SKILL, PLACE, CONFLICT and EXCLUDED alone.
    pub left_out: &'a [LeftOut],
    /// import, export or special.
    pub list: &'a str,
    pub default_cap: u32,
    pub month_start_us: i64,
    pub now_us: i64,
    pub round: u32,
}

impl Published<'_> {
    /// Filters and draws again; the texts name what the roster contradicts.
    pub fn assign(&self, roster: &Roster, ledger: &Ledger, urn: &Urn<'_>) -> (Assignment, Vec<String>) {
        let (mut candidates, mut left_out, mut against) = (Vec::new(), Vec::new(), self.strangers(roster));
        for officer in roster.officers() {
            let load = ledger.load(&officer.code);
            match self.hindrance(officer, load.open_files, &mut against) {
                Some(reason) => left_out.push(LeftOut { code: officer.code.clone(), reason }),
                None => {
                    let minutes = officer.minutes(self.month_start_us, self.now_us);
                    candidates.push(Candidate { code: officer.code.clone(), points: load.points, minutes });
                }
            }
        }
        let (index, draws) = draw_one(&candidates, urn, self.round);
        let choice = match index {
            Some(index) => Choice::Officer(candidates[index].code.clone()),
            None => Choice::Queued(queue_reason(&left_out).to_owned()),
        };
        (Assignment { candidates, left_out, draws, choice }, against)
    }

    /// The supervisor, if one is drawn at all.
    pub fn supervisor(&self, roster: &Roster, urn: &Urn<'_>) -> (String, Option<Draw>) {
        let mut ignored = Vec::new();
        let free = roster.supervisors().iter().filter(|s| self.hindrance(s, 0, &mut ignored).is_none());
        one_of(&free.map(|s| s.code.clone()).collect::<Vec<_>>(), self.round, urn)
    }

    /// What stands against an officer who has, or is to have, this file already: absence and what the row names.
    pub fn keeps(&self, officer: &Officer) -> bool {
        !officer.suspended && !officer.on_leave(self.now_us) && !matches!(self.named(&officer.code), Some("CONFLICT" | "EXCLUDED"))
    }

    /// Why the row leaves somebody out.
    pub fn named(&self, code: &str) -> Option<&str> {
        self.left_out.iter().find(|l| l.code == code).map(|l| l.reason.as_str())
    }

    fn hindrance(&self, officer: &Officer, open_files: u32, against: &mut Vec<String>) -> Option<String> {
        let named = self.named(&officer.code);
        if named == Some(Hindrance::Excluded.as_str()) {
            return named.map(str::to_owned);
        }
        let cap = if officer.cap == 0 { self.default_cap } else { officer.cap };
        let absent = if officer.suspended {
            Some(Hindrance::Suspended)
        } else if officer.on_leave(self.now_us) {
            Some(Hindrance::Leave)
        } else if !officer.on_shift(self.now_us) {
            Some(Hindrance::OffShift)
        } else {
            None
        };
        let unlisted = !officer.lists.is_empty() && !officer.lists.iter().any(|l| l == self.list);
        let possible = match named {
            None => absent.is_some() || !unlisted,
            Some("LIST") => absent.is_none() && unlisted,
            Some("SKILL") => absent.is_none() && !unlisted && !officer.skills.is_empty(),
            Some("PLACE") => absent.is_none() && !unlisted && !officer.places.is_empty(),
            Some("CONFLICT") => absent.is_none() && !unlisted && !(officer.conflicts.is_empty() && officer.learnt.is_empty()),
            Some(_) => false,
        };
        if !possible {
            against.push(format!("{} is left out by {}, which the roster contradicts", officer.code, named.unwrap_or("nothing")));
        }
        let free = (open_files >= cap).then_some(Hindrance::Cap);
        absent.map(|h| h.as_str().to_owned()).or(named.map(str::to_owned)).or(free.map(|h| h.as_str().to_owned()))
    }

    fn strangers(&self, roster: &Roster) -> Vec<String> {
        let known = |code: &str| roster.officer(code).is_some() || roster.supervisors().iter().any(|s| s.code == code);
        self.left_out.iter().filter(|l| !known(&l.code)).map(|l| format!("{} is left out and not on the roster", l.code)).collect()
    }
}
