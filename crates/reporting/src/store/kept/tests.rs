use proptest::prelude::*;
use reporting_domain::StageKind;

use super::{super::way::once, *};
use crate::book::Place;

prop_compose! {
    fn place()(
        topic in prop::sample::select(vec![INTAKE, RISK, TRACKING]),
        (stream, position) in (0_i32..512, 1_i64..4),
        us in 0_i64..4_000_000_000_000_000,
        office in "[0-9]{2}[A-Z]{2}",
        actor in "(intake|risk|SHQ-[0-9]{3})",
        trace in "(|00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]|00-[0-9A-F+]{32}-[0-9a-f]{16}-01|01-[0-9a-f]{8}-x)",
    ) -> Place<'static> {
        let at = Instant::from_timestamp_micros(us).unwrap();
        Place { topic, stream, position, at, office: office.leak(), actor: actor.leak(), trace: trace.leak() }
    }
}

prop_compose! {
    fn stage()(
        place in place(),
        kind in prop::sample::select(StageKind::ALL),
        lane in prop::sample::select(vec!["", "green", "red"]),
        form in prop::sample::select(vec!["", "documents"]),
        conform in prop::sample::select(vec!["", "yes", "no"]),
        (amount_vnd, reason, officer, gate) in (any::<i64>(), ".{0,12}", "(|O-[0-9]{1,3})", "(|LAOBAO)"),
    ) -> Stage<'static> {
        Stage { lane, form, conform, amount_vnd, reason, officer, gate, ..Stage::new(&place, kind) }
    }
}

/// What the table would give back.
fn as_told(version: i16, stage: &Stage<'_>) -> Told {
    Told {
        topic: stage.place.topic.to_string(),
        stream: stage.place.stream,
        position: stage.place.position,
        version,
        stage: stage.kind.as_str().to_owned(),
        at: stage.place.at,
        office: stage.place.office.to_owned(),
        person: stage.person.to_owned(),
        place: stage.gate.clone(),
        lane: stage.lane.to_owned(),
        form: stage.form.to_owned(),
        conform: stage.conform.to_owned(),
        amount_vnd: stage.amount_vnd,
        reason: stage.reason.clone(),
        officer: stage.officer.clone(),
        trace: stage.place.trace.to_owned(),
    }
}

proptest! {
    #[test]
    fn what_is_encoded_and_appended_is_decoded(first in prop::collection::vec(stage(), 0..5), then in prop::collection::vec(stage(), 0..5)) {
        let bytes = [encoded(&first), encoded(&then)].concat();
        let expected: Vec<Told> = first.iter().chain(&then).map(|stage| as_told(3, stage)).collect();
        prop_assert_eq!(decoded(3, &bytes).unwrap(), expected);
    }

    #[test]
    fn a_stage_told_twice_is_shown_once(stages in prop::collection::vec(stage(), 0..12)) {
        let bytes = encoded(&stages);
        let told = once(decoded(0, &bytes).unwrap());
        let mut places: Vec<_> = stages.iter().map(|s| (s.place.topic.to_string(), s.place.stream, s.place.position)).collect();
        places.sort();
        places.dedup();
        prop_assert_eq!(told.iter().map(|t| (t.topic.clone(), t.stream, t.position)).collect::<Vec<_>>(), places);
        let twice = decoded(0, &[bytes.clone(), bytes].concat()).unwrap();
        prop_assert_eq!(once(twice), told);
    }

    #[test]
    fn bytes_that_are_no_stages_fail_for_good(bytes in prop::collection::vec(any::<u8>(), 1..40)) {
        prop_assert!(matches!(decoded(0, &bytes), Ok(_) | Err(Failure::Deterministic(_))));
    }
}

#[test]
fn a_stage_without_a_topic_or_with_half_a_trace_cannot_be_told() {
    let whole = KeptStage { heard: Heard::Risk.into(), ..KeptStage::default() };
    let decode = |stage: KeptStage| decoded(0, &KeptStages { stages: vec![stage] }.encode_to_vec());
    assert_eq!(decode(whole.clone()).unwrap().len(), 1);
    for wrong in [
        KeptStage { heard: Heard::Unspecified.into(), ..whole.clone() },
        KeptStage { trace: vec![1; 24], ..whole.clone() },
        KeptStage { at_us: i64::MAX, ..whole },
    ] {
        assert!(matches!(decode(wrong), Err(Failure::Deterministic(_))));
    }
    assert!(matches!(decoded(0, &[0x0a, 5, 1]), Err(Failure::Deterministic(_))));
}

#[test]
fn a_usual_stage_takes_some_sixty_bytes() {
    let at = Instant::from_timestamp_micros(1_783_270_800_000_000).unwrap();
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let place = Place { topic: INTAKE, stream: 7, position: 1_000_000, at, office: "32BB", actor: "intake", trace };
    assert!(encoded(&[Stage::new(&place, StageKind::Cleared)]).len() <= 64);
}
