//! The risk service: how risky, which lane, which scan, which officer?

fn main() -> anyhow::Result<()> {
    platform::service::main::<risk::Risk>()
}
