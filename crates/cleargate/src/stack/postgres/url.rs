//! Database URLs, with their passwords.

use crate::stack::{Stack, secrets, services};
use anyhow::{Result, bail};

/// The superuser of the cluster.
pub const SUPERUSER: &str = "postgres";

/// Lifts the limits that guard a service's own work: a migration or an audit may read and lock for long.
const UNHURRIED: &str = "options=-c%20statement_timeout%3D0%20-c%20idle_in_transaction_session_timeout%3D0%20-c%20lock_timeout%3D0";

/// The URL of a service's database as that service, of database `postgres` as superuser for `admin`; `None` before its password was made.
pub fn of(stack: &Stack, name: &str) -> Result<Option<String>> {
    let (role, database) = match name {
        "admin" => (SUPERUSER, SUPERUSER),
        service if services::NAMES.contains(&service) => (service, service),
        other => bail!("`{other}` has no database; names: {}, admin", services::NAMES.join(", ")),
    };
    let password = secrets::password(&stack.state.secrets(), role);
    Ok(password.map(|password| format!("postgres://{role}:{password}@{}/{database}", super::address(stack))))
}

/// The same without limits on statements, locks and idle transactions.
pub fn unhurried(url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{UNHURRIED}")
}
