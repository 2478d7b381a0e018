//! Rules of transport: packages, masses, vehicle, places, days, containers.
use super::Row;
use super::Scope::*;
use super::case::*;
use super::check::Check::*;
use super::form::*;
use super::head_items::*;
use super::item::{At, Item};
use super::relation::{Relation as R, View};
use crate::read;

pub(super) static ROWS: &[Row] = &[
    Row(Import, "S0008", Required(&BILL, &MANIFESTED)),
    Row(Import, "S0009", Consecutive(&[&BILL])),
    Row(Import, "S0276", Form(&BILL, &BILL_NUMBER)),
    Row(Import, "R0047", Distinct(&BILL)),
    Row(Both, "CG020", Required(&TRANSPORT_MODE, &ALWAYS)),
    Row(Both, "S1008", Required(&PACKAGES, &ALWAYS)),
    Row(Both, "S1009", Form(&PACKAGES, &WHOLE_8)),
    Row(Both, "S1010", Required(&PACKAGE_UNIT, &ALWAYS)),
    Row(Both, "CG011", Form(&PACKAGE_UNIT, &UNIT_3)),
    Row(Both, "S1012", Required(&GROSS_MASS, &NAMED_MODE)),
    Row(Both, "S1013", Form(&GROSS_MASS, &MASS)),
    Row(Both, "S1014", Required(&MASS_UNIT, &NAMED_MODE)),
    Row(Both, "S1015", Listed(&MASS_UNIT, "mass_unit")),
    Row(Both, "R1027", Needs(&GROSS_MASS, &MASS_UNIT)),
    Row(Both, "R1027", Needs(&MASS_UNIT, &GROSS_MASS)),
    Row(Both, "S0143", Required(&WAREHOUSE, &NAMED_MODE)),
    Row(Both, "S1016", Required(&VESSEL_CODE, &SHIP)),
    Row(Both, "S1017", Blank(&VESSEL_CODE, &NO_SHIP)),
    // The name of an unregistered ship and the vehicle of other modes have a code each for imports, one together for exports.
    Row(Import, "S1019", Required(&VEHICLE, &VEHICLE_NAMED)),
    Row(Import, "S1141", Required(&VEHICLE, &SHIP_UNKNOWN)),
    Row(Export, "S1019", Required(&VEHICLE, &VEHICLE_NAMED)),
    Row(Export, "S1019", Required(&VEHICLE, &SHIP_UNKNOWN)),
    Row(Both, "S0197", Form(&VEHICLE, &FLIGHT)),
    Row(Both, "S1020", Form(&VEHICLE, &ROAD_PLATE)),
    Row(Both, "CG017", Form(&VEHICLE_COUNTRY, &PLATE_SIGN)),
    Row(Both, "S1021", Required(&ARRIVAL_DATE, &ALWAYS)),
    Row(Both, "S1022", Form(&ARRIVAL_DATE, &DATE)),
    Row(Import, "S1023", Required(&UNLOADING_PLACE, &NAMED_MODE)),
    Row(Import, "S1024", Required(&UNLOADING_NAME, &UNLOADING_UNCODED)),
    Row(Import, "S1025", Required(&LOADING_PLACE, &ALWAYS)),
    Row(Import, "S1027", Required(&LOADING_NAME, &LOADING_UNCODED)),
    Row(Export, "S1023", Required(&LOADING_PLACE, &NAMED_MODE)),
    Row(Export, "S1024", Required(&LOADING_NAME, &LOADING_UNCODED)),
    Row(Export, "S1025", Required(&UNLOADING_PLACE, &ALWAYS)),
    Row(Export, "S1027", Required(&UNLOADING_NAME, &UNLOADING_UNCODED)),
    Row(Export, "S1030", Form(&UNLOADING_PLACE, &NOT_STARTING_ZZ)),
    Row(Both, "CG011", Form(&UNLOADING_PLACE, &PLACE_CODE)),
    Row(Both, "CG011", Form(&LOADING_PLACE, &PLACE_CODE)),
    Row(
        Export,
        "S1139",
        Relation(&R {
            pattern: "/arrivalDate",
            vi: "Ngày dự kiến đi không được trước ngày dự kiến khai báo.",
            en: "The planned departure date must not be before the planned declaration date.",
            find: |v, found| not_before_planned(v, &ARRIVAL_DATE, found),
            spoil: |d| d.planned_date = "2026-07-09".to_owned(),
        }),
    ),
    Row(Import, "S1028", Blank(&CONTAINERS, &AIR)),
    Row(Import, "S1029", Form(&CONTAINERS, &WHOLE_3)),
    Row(Import, "S1140", Form(&CONTAINERS, &NOT_ZERO)),
    Row(Import, "R1091", Required(&CONTAINERS, &CONTAINERS_AT_SEA)),
    Row(Export, "S1137", Consecutive(&[&CONTAINER_NUMBER])),
    Row(Export, "R1099", Distinct(&CONTAINER_NUMBER)),
];

/// Tells the item when it is a day before the planned declaration date.
pub(super) fn not_before_planned(view: &View<'_>, item: &Item, found: &mut dyn FnMut(String)) {
    if let (Some(day), Some(planned)) = (read::day(item.text(view.draft)), read::day(PLANNED_DATE.text(view.draft)))
        && day < planned
    {
        found(item.pointer(At(0, 0)));
    }
}
