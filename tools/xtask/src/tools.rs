//! The programs that the check needs and a machine may lack.
//!
//! In: the table below. Out: every missing tool by name with the command that brings it; with
//! `--install` Debian's packages are installed, if we may. It never installs a Rust toolchain or
//! anything from outside the distribution: that is for the owner of the machine to decide.

use anyhow::Result;

use crate::workspace::{CommandLine, Workspace, is_in_path};

/// One program from Debian's packages, by name; or a file of theirs, by its whole path.
struct Tool {
    program: &'static str,
    why: &'static str,
    debian_package: &'static str,
}

/// Add a row, and CI installs it.
const TOOLS: &[Tool] = &[
    Tool { program: "cc", why: "mimalloc is C, and rustc links with it", debian_package: "gcc" },
    Tool { program: "git", why: "tidy lists files and golden history", debian_package: "git" },
    Tool { program: "chromium", why: "tests look at the pages", debian_package: "chromium" },
    Tool {
        program: "chromedriver",
        why: "tests steer the browser",
        debian_package: "chromium-driver",
    },
    Tool {
        program: "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf",
        why: "pages and papers are in Persian",
        debian_package: "fonts-noto-core",
    },
];

/// Parts of the Rust toolchain: subcommand of cargo, component of rustup.
const RUST_COMPONENTS: &[(&str, &str)] = &[("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")];

/// What to do about a missing tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    /// Say what is missing and how to get it.
    Name,
    /// Say it, then install what Debian has.
    Install,
}

/// Names what is missing, installs it if asked to; true when nothing is missing in the end.
pub(crate) fn provide(workspace: &Workspace, missing: Missing) -> Result<bool> {
    let packages = missing_packages(TOOLS, is_there);
    for tool in TOOLS.iter().filter(|tool| packages.contains(&tool.debian_package)) {
        println!("missing: {} ({}), package {}", tool.program, tool.why, tool.debian_package);
    }
    for component in missing_components(is_in_path) {
        println!("missing: {component}; get it with: rustup component add {component}");
    }
    if !packages.is_empty() {
        let install = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
        if missing == Missing::Install && is_root() && is_in_path("apt-get") {
            install_packages(workspace, &install)?;
        } else {
            println!("get it with (as root): {install}");
        }
    }
    Ok(missing_packages(TOOLS, is_there).is_empty() && missing_components(is_in_path).is_empty())
}

fn is_there(program: &str) -> bool {
    is_in_path(program) || (program.starts_with('/') && std::path::Path::new(program).is_file())
}

fn missing_packages(tools: &[Tool], is_there: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let mut packages: Vec<&str> = tools
        .iter()
        .filter(|tool| !is_there(tool.program))
        .map(|tool| tool.debian_package)
        .collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn missing_components(is_there: impl Fn(&str) -> bool) -> Vec<&'static str> {
    RUST_COMPONENTS
        .iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, component)| *component)
        .collect()
}

/// A fresh container has no package lists, so a failed install is tried once more after an update.
fn install_packages(workspace: &Workspace, install: &str) -> Result<()> {
    let run = |line: &str| -> Result<bool> {
        let line = CommandLine::new(line).with("DEBIAN_FRONTEND", "noninteractive");
        Ok(workspace.command(&line).status()?.success())
    };
    if !run(install)? {
        run("apt-get update")?;
        run(install)?;
    }
    Ok(())
}

/// From the owner of our own process, which needs neither libc nor another program.
pub(crate) fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_tools_are_named_once_by_package() {
        let tools = [
            Tool { program: "cc", why: "", debian_package: "gcc" },
            Tool { program: "gcc", why: "", debian_package: "gcc" },
            Tool { program: "git", why: "", debian_package: "git" },
        ];
        assert_eq!(missing_packages(&tools, |program| program == "git"), ["gcc"]);
        assert!(missing_packages(&tools, |_| true).is_empty());
    }

    #[test]
    fn missing_components_are_named_as_rustup_knows_them() {
        assert_eq!(missing_components(|program| program == "cargo-fmt"), ["clippy"]);
    }
}
