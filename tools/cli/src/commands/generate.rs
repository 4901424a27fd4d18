//! `shomar generate` (being written).
use clap::Args;
/// Arguments.
#[derive(Args)]
pub(crate) struct GenerateArguments {}
pub(crate) fn run(_: &GenerateArguments) -> anyhow::Result<std::process::ExitCode> {
    anyhow::bail!("not yet")
}
