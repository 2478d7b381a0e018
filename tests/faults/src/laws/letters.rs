//! L6: the dead letters are the poison that was put in, no more and no less; nothing is parked, nothing waits.
use super::{Evidence, Expected, Finding};

pub fn verify(evidence: &Evidence, expected: Expected) -> Finding {
    let mut finding = Finding::new("L6 dead letters are the injected poison, nothing is parked or waits");
    for (service, books) in &evidence.books {
        let letters: u64 = books.letters.values().sum();
        let wanted = if *service == "intake" { expected.poison } else { 0 };
        finding.hold(letters == wanted, || format!("{service} has {letters} dead letters, {wanted} were injected: {:?}", books.letters));
        finding.hold(books.parked == 0, || format!("{service} has {} parked subjects", books.parked));
        finding.hold(books.awaiting == 0, || format!("{service} has {} facts that wait for their subject", books.awaiting));
    }
    finding
}
