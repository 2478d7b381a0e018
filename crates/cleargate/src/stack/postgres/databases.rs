//! Roles and databases of the services, made by `deploy/local/postgres/databases.sql`.

use super::url::SUPERUSER;
use crate::stack::{Stack, secrets, services};
use anyhow::{Context, Result, bail};
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;

/// Whether the superuser can sign in.
pub async fn answers(stack: &Stack, bin: &Path) -> bool {
    if !super::answers(stack).await {
        return false;
    }
    let Ok(mut psql) = psql(stack, bin) else { return false };
    psql.args(["-c", "SELECT 1"]).stdout(Stdio::null()).stderr(Stdio::null());
    psql.status().await.is_ok_and(|status| status.success())
}

/// Makes every role and database what the script says.
pub async fn prepare(stack: &Stack, bin: &Path) -> Result<()> {
    let script = stack.home.join("deploy/local/postgres/databases.sql");
    for service in services::NAMES {
        let password = secrets::password_or_new(&stack.state.secrets(), service)?;
        let mut psql = psql(stack, bin)?;
        psql.env("SERVICE_PASSWORD", password).arg("-f").arg(&script);
        let output = psql.arg("-v").arg(format!("service={service}")).output().await?;
        if !output.status.success() {
            bail!("database of {service} cannot be made: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
    }
    Ok(())
}

fn psql(stack: &Stack, bin: &Path) -> Result<Command> {
    let lost = || format!("the superuser's password is not in {}; run `cleargate clean` to begin anew", stack.state.secrets().display());
    let password = secrets::password(&stack.state.secrets(), SUPERUSER).with_context(lost)?;
    let mut command = Command::new(bin.join("psql"));
    command.env("PGPASSWORD", password).stdin(Stdio::null());
    let address = super::address(stack);
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p"]).arg(address.port().to_string());
    command.args(["-U", SUPERUSER, "-d", SUPERUSER]);
    Ok(command)
}
