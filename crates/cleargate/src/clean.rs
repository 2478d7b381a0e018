//! `cleargate clean`: stops the local stack and removes all that it keeps.

use crate::progress::Progress;
use crate::stack::{Stack, StackArgs};
use anyhow::{Result, bail};
use clap::Args;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

/// Stop everything and remove all data, logs, keys and fetched jars of the local stack.
#[derive(Args)]
#[command(after_help = "Example:\n  cleargate clean --yes")]
pub struct Clean {
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
}

impl Clean {
    pub async fn run(&self, args: &StackArgs) -> Result<ExitCode> {
        let stack = Stack::open(args)?;
        if !self.yes && !agreed(&stack)? {
            eprintln!("nothing was removed");
            return Ok(ExitCode::FAILURE);
        }
        let _lock = stack.lock()?;
        let progress = Progress::new();
        stack.down_services(&progress).await?;
        stack.down_backing(&progress).await?;
        for removed in stack.remove_state()? {
            eprintln!("  removed    {}", removed.display());
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn agreed(stack: &Stack) -> Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("clean removes every declaration of the local stack and there is nobody to ask; say `cleargate clean --yes`");
    }
    eprint!("Stop the stack and remove all data under {}? [y/N] ", stack.state.dir().display());
    std::io::stderr().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
