//! `shomar night` (being written).
use clap::Args;
/// Arguments.
#[derive(Args)]
pub(crate) struct NightArguments {}
pub(crate) fn run(_: &NightArguments) -> anyhow::Result<std::process::ExitCode> {
    anyhow::bail!("not yet")
}
