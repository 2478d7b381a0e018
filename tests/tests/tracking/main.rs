//! Tracking on a real PostgreSQL: what a camera saw, what intake said, and what a gate does about it.
mod calls;
mod house;
mod readings;
mod visits;

use contracts::{
    common,
    intake::{Cleared, IntakeEvent, Lodged},
};
use platform::callers::Caller;
use tonic::Request;

const OFFICE: &str = "32BB";
const GATE: &str = "LAOBAO";
const KEY: &str = "10900000001";
const PLATE: &str = "74C-123.45";

fn declaration(key: &str, version: u32, plate: &str, direction: common::Direction) -> common::Declaration {
    common::Declaration {
        key: key.to_owned(),
        version,
        direction: direction.into(),
        office: OFFICE.to_owned(),
        plate: plate.to_owned(),
        plate_country: "LAO".to_owned(),
        ..common::Declaration::default()
    }
}

fn lodged(key: &str, plate: &str) -> IntakeEvent {
    Lodged { declaration: Some(declaration(key, 0, plate, common::Direction::Import)) }.into()
}

fn cleared(key: &str, version: u32) -> IntakeEvent {
    Cleared { key: key.to_owned(), version }.into()
}

fn request<M>(message: M, role: &str, office: &str) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller { subject: format!("{role}-1"), roles: vec![role.to_owned()], offices: vec![office.to_owned()] });
    request
}
