//! Under whose account PostgreSQL runs: never root, which it refuses.

use anyhow::{Context, Result, bail};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Command;
use std::{fs, os::unix::process::CommandExt};

/// The name of the account in the packages of every distribution.
const NAME: &str = "postgres";

/// Ours, or PostgreSQL's own when we are root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    Own,
    Other { uid: u32, gid: u32 },
}

impl Account {
    /// Ours unless we are root; then `postgres`, made when the packages did not.
    pub fn find() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Own);
        }
        if let Some(found) = lookup(NAME)? {
            return Ok(found);
        }
        let made = Command::new("useradd").args(["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]).status();
        match (made, lookup(NAME)?) {
            (Ok(status), Some(found)) if status.success() => Ok(found),
            _ => bail!("PostgreSQL does not run as root and there is no account `{NAME}`; create it with `useradd --system {NAME}`"),
        }
    }

    /// `program` under this account.
    pub fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Hands a file or directory over.
    pub fn own(self, path: &Path) -> Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => {
                chown(path, Some(uid), Some(gid)).with_context(|| format!("cannot hand {} to PostgreSQL's account", path.display()))
            }
        }
    }

    /// Makes `dir` this account's alone; `false` when the account cannot get there.
    pub fn take(self, dir: &Path) -> Result<bool> {
        fs::create_dir_all(dir).with_context(|| format!("cannot create {}", dir.display()))?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        self.own(dir)?;
        let reached = self.command(Path::new("test")).arg("-w").arg(dir).current_dir("/").status()?;
        Ok(reached.success())
    }
}

/// A directory in a place that everybody may write to, refused if somebody else made it first.
pub fn make_public_dir(dir: &Path) -> Result<()> {
    match fs::DirBuilder::new().mode(0o711).create(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error).with_context(|| format!("cannot create {}", dir.display())),
        _ => {
            let found = fs::symlink_metadata(dir)?;
            if !found.is_dir() || found.uid() != rustix::process::geteuid().as_raw() {
                bail!("{} belongs to somebody else; remove it, or name another place with --state", dir.display());
            }
            Ok(())
        }
    }
}

fn lookup(name: &str) -> Result<Option<Account>> {
    let text = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    Ok(parse(&text, name))
}

fn parse(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then_some(())?;
        let mut numbers = fields.skip(1).map_while(|field| field.parse().ok());
        Some(Account::Other { uid: numbers.next()?, gid: numbers.next()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgresx:x:1:1::/:/bin/sh\npostgres:x:104:110:PostgreSQL,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(parse(passwd, "postgres"), Some(Account::Other { uid: 104, gid: 110 }));
        assert_eq!(parse(passwd, "nobody"), None);
    }
}
