//! The bare floor: four processes move declarations through the same tables, batches, topics and answers as the services, and decide nothing.
mod declaration;
mod hops;
mod journal;
mod load;
mod prepare;
mod reading;
mod relay;
mod service;
mod store;
mod topology;
mod wire;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::{load::Load, topology::Service};

/// The one of the services, so that it makes no difference.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What the pipeline costs on this machine without any logic.
#[derive(Parser)]
#[command(name = "floor", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples (URL is the superuser's, DATABASE_URL the same with the database NAME_SERVICE):
  floor prepare --admin-url URL --brokers 127.0.0.1:19092 --name floor
  floor run intake --url DATABASE_URL --brokers 127.0.0.1:19092 --name floor      one of four processes
  floor load --admin-url URL --brokers 127.0.0.1:19092 --name floor --count 100000
  floor remove --admin-url URL --brokers 127.0.0.1:19092 --name floor";

#[derive(Subcommand)]
enum Command {
    /// Creates four databases and six topics
    Prepare(Place),
    /// Runs one of the four processes until SIGTERM; prints `ready` once it consumes
    Run {
        service: Service,
        /// Of the database <name>_<service>
        #[arg(long)]
        url: String,
        #[arg(long)]
        brokers: String,
        #[arg(long)]
        name: String,
    },
    /// Publishes declarations, waits until all are answered and reported, prints how fast they went
    Load {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        load: Load,
    },
    /// Drops databases and topics
    Remove(Place),
}

/// Where a floor is.
#[derive(Args)]
struct Place {
    /// The superuser's URL, of any database
    #[arg(long)]
    admin_url: String,
    #[arg(long)]
    brokers: String,
    /// Prefix of the databases and topics
    #[arg(long)]
    name: String,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Prepare(place) => prepare::prepare(&place).await,
        // Spawned, so that its wake-ups stay on the worker that drives the sockets.
        Command::Run { service, url, brokers, name } => tokio::spawn(async move { service::run(service, &url, &brokers, &name).await }).await?,
        Command::Load { place, load } => load.run(place).await,
        Command::Remove(place) => prepare::remove(&place).await,
    }
}
