//! Taking a decision again from its trace: what does not come out the same is named.
use values::{Day, Lane};

use crate::{
    assign::{Choice, Pick},
    draw::DayKey,
    profile::ProfileSet,
    select::select,
    trace::Trace,
    two::draw_one,
};

/// What does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("the trace names other rules")]
    Rules,
    #[error("the day cannot be read")]
    Day,
    #[error("the lane, its form, its score or its draws come out differently")]
    Selection,
    #[error("the officer or the draws come out differently")]
    Assignment,
    #[error("candidates are not sorted by service code")]
    Order,
    #[error("the points are not those of its lines")]
    Points,
}

/// Takes selection and assignment again under the rules and the keys of the selection day and of the day of the decision.
pub fn recompute(trace: &Trace, set: &ProfileSet, selection_key: &DayKey, key: &DayKey) -> Result<(), Mismatch> {
    if trace.rules != hex::encode(set.digest) {
        return Err(Mismatch::Rules);
    }
    let day: Day = trace.day.parse().map_err(|_| Mismatch::Day)?;
    if select(&trace.facts, set, day, selection_key, &trace.declaration) != trace.selection {
        return Err(Mismatch::Selection);
    }
    if trace.points != crate::points(u32::try_from(trace.facts.lines.len()).unwrap_or(u32::MAX)) {
        return Err(Mismatch::Points);
    }
    let Some(assignment) = &trace.assignment else {
        // Only the green lane needs nobody.
        return if trace.selection.lane == Lane::Green { Ok(()) } else { Err(Mismatch::Assignment) };
    };
    if !assignment.candidates.is_sorted_by(|a, b| a.code < b.code) {
        return Err(Mismatch::Order);
    }
    let pick = Pick {
        declaration: &trace.declaration,
        version: trace.version,
        list: trace.facts.direction.as_str(),
        commodities: Vec::new(),
        trader: &trace.facts.trader,
        declarant: &trace.facts.declarant,
        exclude: Vec::new(),
        default_cap: set.default_cap,
        month_start_us: 0,
        now_us: trace.now_us,
        round: trace.round,
    };
    let (index, draws) = draw_one(&assignment.candidates, &pick, key);
    let same = match (index, &assignment.choice) {
        (Some(index), Choice::Officer(code)) => assignment.candidates[index].code == *code,
        (None, Choice::Queued(_)) => true,
        _ => false,
    };
    if same && draws == assignment.draws { Ok(()) } else { Err(Mismatch::Assignment) }
}

#[cfg(test)]
mod tests {
    use values::Direction;

    use super::*;
    use crate::{Facts, Form, History, LineFacts, Load, Officer, Roster, assign};

    fn facts() -> Facts {
        let line = LineFacts {
            line: 1,
            commodity: "85171300".to_owned(),
            description: "phones".to_owned(),
            origin: "CN".to_owned(),
            tariff_table: "B01".to_owned(),
            quantity: 100,
            quantity_unit: "PCE".to_owned(),
            value: 1_850_000,
            net_mass_g: 380,
            duty_rate: 0,
            duty_vnd: 0,
        };
        Facts {
            direction: Direction::Import,
            class: "cargo".to_owned(),
            kind: "A11".to_owned(),
            office: "32BB".to_owned(),
            team: "00".to_owned(),
            sender: "NSW".to_owned(),
            counterparty: "SOMPHONE TRADING".to_owned(),
            loading_place: "LADSV".to_owned(),
            unloading_place: "VNLBO".to_owned(),
            split_first: String::new(),
            transport_mode: "4".to_owned(),
            trader: "3300000001".to_owned(),
            declarant: "D0001".to_owned(),
            counterparty_country: "LA".to_owned(),
            plate: "BK1234".to_owned(),
            plate_country: "LAO".to_owned(),
            tax_deadline: "D".to_owned(),
            currency: "USD".to_owned(),
            value: 1_850_000,
            duty_vnd: 0,
            gross_mass_g: 500,
            packages: 1,
            lines: vec![line.clone(), LineFacts { line: 2, commodity: "24022090".to_owned(), ..line }],
            history: History::default(),
        }
    }

    fn decided() -> (Trace, ProfileSet, DayKey) {
        let set = ProfileSet::load(ProfileSet::STANDARD).unwrap();
        let key = DayKey::new([9; 32]);
        let day = Day::from_ymd_opt(2026, 11, 24).unwrap();
        let facts = facts();
        let selection = select(&facts, &set, day, &key, "10900000001");
        let officers = ["A", "B", "C"].map(|c| Officer { code: c.to_owned(), shifts: vec![(0, i64::MAX)], ..Officer::default() });
        let roster = Roster::new(officers.to_vec());
        let pick = Pick {
            declaration: "10900000001",
            version: 0,
            list: "import",
            commodities: vec!["85171300", "24022090"],
            trader: &facts.trader,
            declarant: &facts.declarant,
            exclude: vec![],
            default_cap: set.default_cap,
            month_start_us: 0,
            now_us: 60_000_000_000,
            round: 0,
        };
        let assignment = assign(&pick, &roster, |_| Load::default(), &key);
        let trace = Trace {
            office: "32BB".to_owned(),
            day: day.to_string(),
            selection_day: day.to_string(),
            now_us: 60_000_000_000,
            declaration: "10900000001".to_owned(),
            version: 0,
            round: 0,
            rules: hex::encode(set.digest),
            roster: hex::encode(roster.digest()),
            points: crate::points(2),
            facts,
            selection,
            assignment: Some(assignment),
            excluded: Vec::new(),
        };
        (trace, set, key)
    }

    #[test]
    fn a_decision_comes_out_the_same_from_its_written_trace() {
        let (trace, set, key) = decided();
        assert_eq!((trace.selection.lane, trace.selection.form), (Lane::Red, Form::Direct));
        let read = Trace::read(&trace.bytes()).unwrap();
        assert_eq!(read, trace);
        assert_eq!(recompute(&read, &set, &key, &key), Ok(()));
    }

    #[test]
    fn every_altered_outcome_is_named() {
        let (trace, set, key) = decided();
        let alter = |change: fn(&mut Trace)| {
            let mut altered = trace.clone();
            change(&mut altered);
            recompute(&altered, &set, &key, &key).unwrap_err()
        };
        assert_eq!(alter(|t| t.selection.lane = Lane::Green), Mismatch::Selection);
        assert_eq!(alter(|t| t.selection.score += 1), Mismatch::Selection);
        assert_eq!(alter(|t| t.selection.draws[0].value = "1".to_owned()), Mismatch::Selection);
        assert_eq!(alter(|t| t.facts.lines[1].commodity = "25232990".to_owned()), Mismatch::Selection);
        assert_eq!(alter(|t| t.points += 5), Mismatch::Points);
        assert_eq!(alter(|t| t.rules = String::new()), Mismatch::Rules);
        assert_eq!(alter(|t| t.assignment = None), Mismatch::Assignment);
        assert_eq!(alter(|t| t.version = 1), Mismatch::Assignment);
        assert_eq!(alter(|t| t.assignment.iter_mut().for_each(|a| a.choice = Choice::Queued("CAP".to_owned()))), Mismatch::Assignment);
        assert_eq!(alter(|t| t.assignment.iter_mut().for_each(|a| a.candidates.reverse())), Mismatch::Order);
        assert_eq!(recompute(&trace, &set, &DayKey::new([1; 32]), &key), Err(Mismatch::Selection));
    }

    #[test]
    fn the_declarant_never_hears_of_a_profile() {
        let (trace, set, _) = decided();
        let told = crate::explain(&trace, crate::Voice::Declarant);
        for profile in &set.profiles {
            for secret in [&profile.id, &profile.title_vi, &profile.title_en] {
                assert!(!told.text_vi.contains(secret.as_str()) && !told.text_en.contains(secret.as_str()) && !told.json.contains(secret.as_str()));
            }
        }
        assert!(crate::explain(&trace, crate::Voice::Officer).text_en.contains("R001"));
    }
}
