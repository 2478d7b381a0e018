//! Rules of bonded transport that is declared together.
use super::Row;
use super::Scope::*;
use super::case::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::*;
use super::item::At;
use super::relation::{Relation as R, View};
use super::transport::not_before_planned;
use crate::draft::Draft;
use crate::read;

pub(super) static ROWS: &[Row] = &[
    Row(Both, "S1078", Form(&BONDED_START, &DATE)),
    Row(Both, "S1080", Form(&STOP_ARRIVAL, &DATE)),
    Row(Both, "S1081", Form(&STOP_DEPARTURE, &DATE)),
    Row(Both, "S1083", Form(&BONDED_ARRIVAL, &DATE)),
    Row(Both, "R1058", Blank(&BONDED_START, &NO_BONDED_KIND)),
    Row(Both, "R1059", Needs(&BONDED_START, &BONDED_DESTINATION)),
    Row(Both, "R1060", Needs(&BONDED_START, &BONDED_ARRIVAL)),
    Row(Both, "R1061", Needs(&BONDED_DESTINATION, &BONDED_START)),
    Row(Both, "R1062", Needs(&BONDED_ARRIVAL, &BONDED_START)),
    Row(Both, "R1063", Needs(&STOP_PLACE, &BONDED_START)),
    Row(Both, "R1064", Needs(&STOP_PLACE, &STOP_ARRIVAL)),
    Row(Both, "R1065", Needs(&STOP_PLACE, &STOP_DEPARTURE)),
    Row(Both, "R1066", Needs(&STOP_ARRIVAL, &STOP_PLACE)),
    Row(Both, "R1067", Needs(&STOP_DEPARTURE, &STOP_PLACE)),
    Row(Both, "R1068", Consecutive(&[&STOP_PLACE])),
    Row(Both, "E8100", Needs(&BONDED_DESTINATION, &WAREHOUSE)),
    Row(
        Import,
        "S1134",
        Relation(&R {
            pattern: "/bondedTransport/start",
            vi: "Ngày khởi hành vận chuyển không được trước ngày dự kiến khai báo.",
            en: "The transport must not start before the planned declaration date.",
            find: |v, found| not_before_planned(v, &BONDED_START, found),
            spoil: spoil_start,
        }),
    ),
    Row(
        Export,
        "S1150",
        Relation(&R {
            pattern: "/bondedTransport/start",
            vi: "Ngày khởi hành vận chuyển không được trước ngày dự kiến khai báo.",
            en: "The transport must not start before the planned declaration date.",
            find: |v, found| not_before_planned(v, &BONDED_START, found),
            spoil: spoil_start,
        }),
    ),
    Row(
        Both,
        "R1070",
        Relation(&R {
            pattern: "/bondedTransport/**",
            vi: "Các ngày vận chuyển phải theo thứ tự thời gian.",
            en: "The days of the transport must follow each other in time.",
            find: days_follow,
            spoil: |d| {
                BONDED_START.set(d, "2026-07-05");
                BONDED_ARRIVAL.set(d, "2026-07-04");
            },
        }),
    ),
];

fn spoil_start(draft: &mut Draft) {
    PLANNED_DATE.set(draft, "2026-07-09");
    BONDED_START.set(draft, "2026-07-02");
}

fn days_follow(view: &View<'_>, found: &mut dyn FnMut(String)) {
    let stops = STOP_PLACE.places(view.draft).flat_map(|at| [(&STOP_ARRIVAL, at), (&STOP_DEPARTURE, at)]);
    let way = [(&BONDED_START, At(0, 0))].into_iter().chain(stops).chain([(&BONDED_ARRIVAL, At(0, 0))]);
    let mut last = None;
    for (item, at) in way {
        let Some(day) = read::day(item.get(view.draft, at)) else { continue };
        if last.is_some_and(|last| day < last) {
            found(item.pointer(at));
        }
        last = Some(day);
    }
}
