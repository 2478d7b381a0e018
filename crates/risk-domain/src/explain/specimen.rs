//! Traces full of what is secret.
use proptest::prelude::*;
use values::{Direction, Lane};

use super::{ContributionLine, Explanation, Form, MatchedClause, PickTrace, Sources, Trace, Voice, explain};
use crate::{
    assign::{Assignment, Candidate, Choice, LeftOut},
    draw::Draw,
    facts::{Facts, History, LineFacts, Past},
    select::{Counters, LineScore, Match, MatchOutcome, Selection},
};

/// A name that no law and no sentence of ours contains.
pub(super) const NAME: &str = "[BDFGKXZ]{5,9}[0-9]{0,3}";

/// Everything about a decision that a declarant must not learn.
#[derive(Debug, Clone)]
pub(super) struct Secrets {
    pub(super) profiles: Vec<String>,
    pub(super) list: String,
    pub(super) officers: Vec<String>,
    /// Six digits, so that they cannot be part of a law's number.
    pub(super) score: u32,
    pub(super) load: u64,
    pub(super) by: String,
    pub(super) queued: bool,
}

pub(super) fn secrets() -> impl Strategy<Value = Secrets> {
    let by =
        prop_oneof![Just("profile"), Just("model"), Just("random:documents"), Just("random:scan"), Just("explore:uncertain"), Just("top_up:red")];
    let names = (prop::collection::vec(NAME, 1..4), NAME, prop::collection::vec(NAME, 2..4));
    (names, 100_000..1_000_000_u32, 1_000_000..10_000_000_u64, by, any::<bool>()).prop_map(|((profiles, list, officers), score, load, by, queued)| {
        let by = if by == "profile" { format!("profile:{}", profiles[0]) } else { by.to_owned() };
        Secrets { profiles, list, officers, score, load, by, queued }
    })
}

/// What a declarant may learn.
pub(super) fn visible() -> impl Strategy<Value = (String, u32, Lane, Form, String)> {
    let checks = [
        (Lane::Green, Form::None),
        (Lane::Yellow, Form::Documents),
        (Lane::Red, Form::Scanner),
        (Lane::Red, Form::Direct),
        (Lane::Red, Form::Laboratory),
    ];
    let law = "(Circular|Decree) [1-9][0-9]?/20[0-9]{2}/TT-BTC article [1-9][0-9]? \\((nature of goods|value)\\)";
    ("[0-9]{11}", 0..10_u32, prop::sample::select(checks.to_vec()), law)
        .prop_map(|(declaration, version, (lane, form), ground)| (declaration, version, lane, form, ground))
}

pub(super) fn draw(purpose: &str, value: u64) -> Draw {
    Draw { purpose: purpose.to_owned(), version: 0, counter: 0, value: value.to_string(), day: "2026-11-25".to_owned() }
}

pub(super) fn trace((declaration, version, lane, form, ground): &(String, u32, Lane, Form, String), s: &Secrets) -> Trace {
    let outcomes = [MatchOutcome::Selected, MatchOutcome::Share, MatchOutcome::Cap, MatchOutcome::Spared];
    let matched = s.profiles.iter().zip(outcomes).map(|(p, outcome)| Match { profile: p.clone(), version: 3, line: 1, outcome }).collect();
    let line = LineFacts {
        line: 1,
        commodity: "24022090".into(),
        description: "cigarettes".into(),
        origin: "LA".into(),
        tariff_table: "B01".into(),
        quantity: 1,
        quantity_unit: "KGM".into(),
        value: 1,
        net_mass_g: 1,
        duty_rate: 1,
        duty_vnd: 1,
    };
    let past = Past { seen_30d: 4, seen_90d: 9, seen_365d: 41, found_30d: 0, found_90d: 1, found_365d: 2 };
    let facts = Facts {
        direction: Direction::Import,
        class: "cargo".into(),
        kind: "A11".into(),
        office: "32BB".into(),
        team: "00".into(),
        sender: "S".into(),
        trader: "0100000001".into(),
        declarant: "0100000002".into(),
        counterparty: "X".into(),
        counterparty_country: "LA".into(),
        transport_mode: "4".into(),
        plate: "74C12345".into(),
        plate_country: "VN".into(),
        loading_place: "LADSV".into(),
        unloading_place: "VNLBO".into(),
        tax_deadline: String::new(),
        split_first: String::new(),
        currency: "USD".into(),
        value: 1,
        duty_vnd: 1,
        gross_mass_g: 1,
        packages: 1,
        lines: vec![line],
        history: History { trader: past, vehicle: past, compliance: 3, ..History::default() },
    };
    let selection = Selection {
        lane: *lane,
        form: *form,
        ground: ground.clone(),
        score: s.score,
        by: s.by.clone(),
        matched,
        random: true,
        learned: s.score,
        random_propensity: s.score,
        propensity: s.score,
        draws: vec![draw(&s.by, s.load), draw(&format!("profile:{}", s.profiles[0]), s.load)],
    };
    let mut trace = Trace {
        office: "32BB".into(),
        day: "2026-11-25".into(),
        now_us: 1_795_600_000_000_000,
        declaration: declaration.clone(),
        version: *version,
        facts,
        rules: "ab".repeat(32),
        model: "cd".repeat(32),
        scores: vec![LineScore { line: 1, fraud: s.score, critical: s.score }],
        counters: Counters {
            decided: s.score,
            hits: vec![(s.profiles[0].clone(), 3)],
            fruitless: vec![(s.profiles[0].clone(), 1)],
            ..Counters::default()
        },
        earlier: vec![],
        selection,
        points: s.score,
        pick: None,
    };
    trace.pick = (*lane > Lane::Green).then(|| pick(&trace, s));
    trace
}

pub(super) fn pick(trace: &Trace, s: &Secrets) -> PickTrace {
    let choice = if s.queued { Choice::Queued("ALL_AT_CAP".into()) } else { Choice::Officer(s.officers[0].clone()) };
    PickTrace {
        office: trace.office.clone(),
        day: trace.day.clone(),
        now_us: trace.now_us,
        declaration: trace.declaration.clone(),
        version: trace.version,
        round: 0,
        roster: "ef".repeat(32),
        list: s.list.clone(),
        commodities: vec![],
        places: vec![],
        trader: String::new(),
        declarant: String::new(),
        excluded: vec![],
        default_cap: s.score,
        supervised: true,
        preferred: None,
        assignment: Assignment {
            candidates: vec![Candidate { code: s.officers[0].clone(), points: s.load, minutes: s.load }],
            left_out: vec![LeftOut { code: s.officers[1].clone(), reason: "CAP".into() }],
            draws: vec![draw("assign:1", s.load)],
            choice,
        },
        how: "DRAWN".into(),
        supervisors: vec![s.officers[1].clone()],
        supervisor: s.officers[1].clone(),
        supervisor_draw: Some(draw("supervise", s.load)),
    }
}

/// The clause names the list, as a criterion of the expression language would.
pub(super) fn beside(s: &Secrets) -> (Vec<MatchedClause>, Vec<ContributionLine>) {
    let clause = |p: &String| MatchedClause {
        profile: p.clone(),
        title_vi: "Thuốc lá".into(),
        title_en: "Tobacco".into(),
        clauses: vec![format!("lines.exists(l, l.commodity in list(\"{}\"))", s.list), "x".repeat(230)],
    };
    let contribution =
        ContributionLine { line: 1, name_vi: "Xuất xứ".into(), name_en: "Origin".into(), value: "LA".into(), millionths: -i64::from(s.score) };
    (s.profiles.iter().map(clause).collect(), vec![contribution])
}

pub(super) fn told(trace: &Trace, s: &Secrets, voice: Voice) -> Explanation {
    let (clauses, contributions) = beside(s);
    let picks: Vec<PickTrace> = trace.pick.iter().cloned().collect();
    explain(
        &Sources { picks: &picks, clauses: &clauses, contributions: &contributions, digest: "0123", recomputation: "the same", ..Sources::of(trace) },
        voice,
    )
}

pub(super) fn sample() -> (Trace, Secrets) {
    let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    let s = Secrets {
        profiles: names(&["R001", "R014"]),
        list: "import".into(),
        officers: names(&["HQ0007", "HQ0012"]),
        score: 412_345,
        load: 1_234_567,
        by: "profile:R001".into(),
        queued: false,
    };
    let ground = "Circular 81/2019/TT-BTC articles 17 and 22 (risk assessment)".to_owned();
    (trace(&("10900000001".into(), 0, Lane::Red, Form::Direct, ground), &s), s)
}
