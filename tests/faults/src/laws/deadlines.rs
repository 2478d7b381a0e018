//! L8: the callers listened on after their deadlines, and no service said OK.
use super::Finding;
use crate::load::Ledger;

pub fn verify(ledger: &Ledger) -> Finding {
    let mut finding = Finding::new("L8 no answer after its deadline is a success");
    finding.checked = ledger.attempts().get("OK").copied().unwrap_or_default();
    for told in ledger.late() {
        finding.hold(false, || told);
    }
    finding
}
