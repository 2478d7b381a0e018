//! The intake service: is this declaration valid, complete, paid, cleared?

fn main() -> anyhow::Result<()> {
    platform::service::main::<intake::Intake>()
}
