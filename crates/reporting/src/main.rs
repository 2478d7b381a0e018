//! The reporting service: what happened, and who signed for it?

fn main() -> anyhow::Result<()> {
    platform::service::main::<reporting::Reporting>()
}
