//! A service of the laboratory's build: the same code with crash points, chosen by the environment.

#[expect(clippy::disallowed_methods, reason = "the laboratory speaks to its processes by environment, past the settings")]
fn main() -> anyhow::Result<()> {
    match std::env::var("FAULTY_SERVICE").as_deref() {
        Ok("intake") => platform::service::main::<intake::Intake>(),
        Ok("risk") => platform::service::main::<risk::Risk>(),
        Ok("tracking") => platform::service::main::<tracking::Tracking>(),
        Ok("reporting") => platform::service::main::<reporting::Reporting>(),
        other => anyhow::bail!("FAULTY_SERVICE must name a service, not {other:?}"),
    }
}
