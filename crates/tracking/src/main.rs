//! The tracking service: where is the vehicle, may it pass, is it late?

fn main() -> anyhow::Result<()> {
    platform::service::main::<tracking::Tracking>()
}
