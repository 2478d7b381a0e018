//! The cluster's files: where they are, how they are made, what is configured.

use super::{PART, url};
use crate::stack::account::{Account, make_public_dir};
use crate::stack::{Stack, procfs, secrets, tools};
use anyhow::{Context, Result, anyhow};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The data directory and who may touch it.
pub struct Cluster {
    /// Holds `data`; belongs to the account.
    pub place: PathBuf,
    bin: PathBuf,
    account: Account,
}

impl Cluster {
    /// Under the stack's state when the account can get there, else under `/var/tmp`; decided once.
    pub fn place(stack: &Stack, bin: &Path) -> Result<Self> {
        let account = Account::find()?;
        let cluster = |place| Self { place, bin: bin.to_path_buf(), account };
        if let Some(known) = stack.state.postgres_place().filter(|place| place.join("data/PG_VERSION").is_file()) {
            return Ok(cluster(known));
        }
        let mut place = stack.state.postgres();
        if !account.take(&place)? {
            fs::remove_dir(&place)?;
            let digest = hex::encode(Sha256::digest(stack.state.dir().as_os_str().as_encoded_bytes()));
            let outside = Path::new("/var/tmp").join(format!("cleargate-{}", digest.get(..12).unwrap_or_default()));
            make_public_dir(&outside)?;
            place = outside.join(PART);
            account.take(&place)?;
            eprintln!("  postgres   its account cannot reach {}, so its files are in {}", stack.state.dir().display(), place.display());
        }
        stack.state.record_postgres_place(&place)?;
        Ok(cluster(place))
    }

    fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// Whether it was made to the end: the configuration is written last.
    pub fn exists(&self) -> bool {
        self.data().join("PG_VERSION").is_file() && self.data().join("cleargate.conf").is_file()
    }

    /// `initdb` with scram passwords only; what an interrupted run left is removed first.
    pub async fn create(&self, stack: &Stack) -> Result<()> {
        if self.data().exists() {
            fs::remove_dir_all(self.data())?;
        }
        let password = self.place.join("password");
        fs::write(&password, secrets::password_or_new(&stack.state.secrets(), url::SUPERUSER)?)?;
        self.account.own(&password)?;
        let mut command = self.account.command(&self.bin.join("initdb"));
        command.current_dir(&self.place).args(["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]);
        command.arg("-U").arg(url::SUPERUSER).arg(format!("--pwfile={}", password.display())).arg("-D").arg(self.data());
        let made = tools::run(command.into(), &stack.state.log(PART), "making the PostgreSQL cluster").await;
        fs::remove_file(&password)?;
        made?;
        let file = self.data().join("postgresql.conf");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        fs::write(&file, format!("{text}\ninclude = 'cleargate.conf'\n"))?;
        self.configure(stack)
    }

    /// Writes the settings anew, so that a changed port or a changed template takes effect at the next start.
    pub fn configure(&self, stack: &Stack) -> Result<()> {
        let template = stack.home.join("deploy/local/postgres/postgresql.conf");
        let text = fs::read_to_string(&template).with_context(|| format!("cannot read {}", template.display()))?;
        // pglz costs more CPU than the bytes it saves; lz4 is not built in everywhere.
        let (wal, toast) = if self.has_lz4() { ("lz4", "lz4") } else { ("off", "pglz") };
        let text = text.replace("@port@", &stack.ports.postgres.to_string());
        let text = text.replace("@wal_compression@", wal).replace("@toast_compression@", toast);
        let file = self.data().join("cleargate.conf");
        fs::write(&file, text)?;
        self.account.own(&file)
    }

    /// Removes the lock file of a killed server once none of its processes is left.
    ///
    /// PostgreSQL does so by itself unless the killed one is still a zombie, as under a container's init that reaps nobody.
    pub async fn forget_killed_server(&self) -> Result<()> {
        let lock = self.data().join("postmaster.pid");
        let Some(pid) = fs::read_to_string(&lock).ok().and_then(|text| text.lines().next()?.trim().parse().ok()) else { return Ok(()) };
        if procfs::start_ticks(pid).is_some() {
            return Ok(());
        }
        let data = self.data().canonicalize()?;
        let waiting = async {
            while procfs::somebody_works_in(&data) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting)
            .await
            .map_err(|_| anyhow!("processes of a killed PostgreSQL server still work in {}; end them first", data.display()))?;
        Ok(fs::remove_file(&lock)?)
    }

    fn has_lz4(&self) -> bool {
        let asked = Command::new(self.bin.join("pg_config")).arg("--configure").output();
        asked.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("--with-lz4"))
    }

    /// How many the server would use for what it shares, as configured; it must not run. A server that cannot say needs none.
    pub fn huge_pages(&self) -> Option<u64> {
        let asked = self.serve().args(["-C", "shared_memory_size_in_huge_pages"]).output().ok()?;
        String::from_utf8(asked.stdout).ok()?.trim().parse().ok()
    }

    /// The server's command line.
    pub fn serve(&self) -> Command {
        let mut command = self.account.command(&self.bin.join("postgres"));
        command.current_dir(&self.place).arg("-D").arg(self.data());
        command
    }
}
