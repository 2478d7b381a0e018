//! The command line of Cleargate: the local stack first, and every command that looks at it or loads it.

mod audit;
mod bench;
mod clean;
mod client;
mod clock;
mod day;
mod dead_letters;
mod demo;
mod down;
mod entropy;
mod load;
mod model;
mod profile;
mod progress;
mod proof;
mod replay;
mod report;
mod reports;
mod run;
mod settings;
mod show;
mod stack;
mod status;
mod token;
mod up;

use clap::{Parser, Subcommand};
use stack::StackArgs;
use std::process::ExitCode;

/// Cleargate, an open customs platform: local stack, demo, load, audit.
#[derive(Parser)]
#[command(name = "cleargate", version, after_help = EXAMPLES, arg_required_else_help = true)]
struct Cli {
    #[command(flatten)]
    stack: StackArgs,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  cleargate up                         start Kafka, PostgreSQL and two replicas of each of the four services
  cleargate up --no-services           start Kafka and PostgreSQL only
  cleargate status                     what runs, where, since when
  psql \"$(cleargate status --url intake)\"
  cleargate down                       stop everything, keep the data
  cleargate clean --yes                stop everything and remove the data";

#[derive(Subcommand)]
enum Command {
    Up(up::Up),
    Down(down::Down),
    Status(status::Status),
    Clean(clean::Clean),
    Token(token::Token),
    Demo(demo::Demo),
    Load(load::Load),
    Show(show::Show),
    Report(report::Report),
    Audit(audit::Audit),
    Profile(profile::Profile),
    Model(model::Model),
    Outcomes(reports::Outcomes),
    Overrides(reports::Overrides),
    Pairs(reports::Pairs),
    Day(day::Day),
    Replay(replay::Replay),
    Proof(proof::Proof),
    Verify(proof::Verify),
    DeadLetters(dead_letters::DeadLetters),
    Settings(settings::Settings),
    Run(run::Run),
    Migrate(run::Migrate),
    Bench(bench::Bench),
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Up(command) => command.run(&cli.stack).await,
        Command::Down(command) => command.run(&cli.stack).await,
        Command::Status(command) => command.run(&cli.stack).await,
        Command::Clean(command) => command.run(&cli.stack).await,
        Command::Token(command) => command.run(&cli.stack),
        Command::Demo(command) => command.run(&cli.stack).await,
        Command::Load(command) => command.run(&cli.stack).await,
        Command::Show(command) => command.run(&cli.stack).await,
        Command::Report(command) => command.run(&cli.stack).await,
        Command::Audit(command) => command.run(&cli.stack).await,
        Command::Profile(command) => command.run(&cli.stack).await,
        Command::Model(command) => command.run(&cli.stack).await,
        Command::Outcomes(command) => command.run(&cli.stack).await,
        Command::Overrides(command) => command.run(&cli.stack).await,
        Command::Pairs(command) => command.run(&cli.stack).await,
        Command::Day(command) => command.run(&cli.stack).await,
        Command::Replay(command) => command.run(&cli.stack).await,
        Command::Proof(command) => command.run(&cli.stack).await,
        Command::Verify(command) => return command.run(),
        Command::DeadLetters(command) => command.run(&cli.stack).await,
        Command::Settings(command) => command.run(&cli.stack),
        Command::Run(command) => command.run(&cli.stack),
        Command::Migrate(command) => command.run(&cli.stack),
        Command::Bench(command) => command.run(&cli.stack).await,
    };
    done.unwrap_or_else(|error| {
        eprintln!("cleargate: {error:#}");
        ExitCode::FAILURE
    })
}
