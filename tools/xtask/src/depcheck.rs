//! The walls between our crates, dev-dependencies included.
//!
//! In: `cargo metadata` of the workspace. Out: a finding for each dependency that the table does
//! not allow, each crate that is not in the table, and each ring. Cargo itself allows a ring made
//! of dev-dependencies; we do not, because a crate's tests would then see two copies of its types.
//! It never guesses: a new crate needs a row here, and the row is where its wall is argued.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::findings::Findings;
use crate::workspace::Workspace;

/// Which of our crates a crate may name.
enum Ours {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// One row of the table.
struct Wall {
    package: &'static str,
    ours: Ours,
    /// Crates of others that it may name; `None`: any.
    others: Option<&'static [&'static str]>,
}

const fn wall(package: &'static str, ours: &'static [&'static str]) -> Wall {
    Wall { package, ours: Ours::Only(ours), others: None }
}

/// What may depend on what.
const WALLS: &[Wall] = &[
    // The contract is a leaf: loader and engine know it, it knows neither.
    wall("shomar-format", &[]),
    // The law in exact integers, readable and checkable alone; proptest is for its tests.
    Wall {
        package: "shomar-seats",
        ours: Ours::Only(&[]),
        others: Some(&["thiserror", "proptest"]),
    },
    wall("shomar-store", &["shomar-format"]),
    wall("shomar-engine", &["shomar-format", "shomar-seats"]),
    // Siblings: what is counted is bytes, so the engine must not see how they came about.
    wall("shomar-loader", &["shomar-format"]),
    // Knows its own totals; if it could name the engine, the engine would agree with itself. Of the
    // seat rules it takes the table of council sizes; it allocates nothing.
    wall("shomar-bench-data", &["shomar-format", "shomar-seats"]),
    // Receives, stores, counts; it knows nothing of text or of whoever sends.
    wall("shomar-ingest", &["shomar-engine", "shomar-format", "shomar-limits", "shomar-store"]),
    // What people are told, without a network: pages, API and papers say the same of a frontier.
    wall("shomar-board", &["shomar-engine", "shomar-format", "shomar-seats"]),
    // Who may decide: it signs and remembers, and neither counts nor speaks HTTP.
    wall("shomar-desk", &["shomar-format", "shomar-limits"]),
    // Counts requests and places by address; what of, it does not know.
    wall("shomar-limits", &[]),
    // Shows what is counted; it pulls from whoever receives, and neither knows the other.
    wall(
        "shomar-dashboard",
        &[
            "shomar-board",
            "shomar-desk",
            "shomar-engine",
            "shomar-format",
            "shomar-limits",
            "shomar-seats",
        ],
    ),
    // Says on paper what the board says, and nothing of its own.
    wall("shomar-papers", &["shomar-board", "shomar-engine", "shomar-format", "shomar-seats"]),
    // Typesets papers that it reads as JSON: typst must not wait for the engine, nor the engine
    // for typst.
    wall("shomar-report", &[]),
    // Files of what is shown: it can publish nothing that a board does not tell.
    wall("shomar-publish", &["shomar-board", "shomar-format", "shomar-store"]),
    wall(
        "shomar",
        &[
            "shomar-board",
            "shomar-dashboard",
            "shomar-desk",
            "shomar-ingest",
            "shomar-engine",
            "shomar-format",
            "shomar-loader",
            "shomar-papers",
            "shomar-publish",
            "shomar-replay",
            "shomar-seats",
            "shomar-store",
            "shomar-bench-data",
        ],
    ),
    // Asks a server from outside, by its contract alone: it reads sealed folders, and neither
    // counts nor generates, so that it can only compare what both have said.
    wall("shomar-replay", &["shomar-format", "shomar-store"]),
    // The seat rules a second time: if it shared a line with the engine, or a crate that computes
    // for both, a bug could agree with itself.
    Wall {
        package: "shomar-verify",
        ours: Ours::Only(&[]),
        others: Some(&["num-bigint", "num-rational", "num-traits"]),
    },
    Wall { package: "shomar-tests", ours: Ours::AllBut(&[]), others: None },
    Wall { package: "shomar-benches", ours: Ours::AllBut(&["shomar-tests"]), others: None },
    // A broken crate of ours must not stop the checker.
    wall("shomar-xtask", &[]),
];

/// One of our packages, as far as the walls are concerned.
struct Package {
    name: String,
    manifest: String,
    /// Name and kind (normal, dev, build) of each direct dependency.
    dependencies: Vec<(String, String)>,
}

/// Checks the workspace as cargo sees it.
pub(crate) fn run(workspace: &Workspace) -> Result<Findings> {
    let root = workspace.root.to_string_lossy();
    Ok(findings_in(&packages_in(&workspace.metadata()?, &root)?))
}

fn packages_in(metadata: &Value, root: &str) -> Result<Vec<Package>> {
    let listed = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    listed
        .iter()
        .map(|package| {
            let text = |field: &str| {
                let value = package[field].as_str();
                value.with_context(|| format!("cargo metadata: a package without {field}"))
            };
            let manifest = text("manifest_path")?;
            let manifest = manifest.strip_prefix(root).unwrap_or(manifest).trim_start_matches('/');
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            let dependencies = dependencies.map(|dependency| {
                let name = dependency["name"].as_str().context("a dependency without a name")?;
                Ok((name.to_owned(), dependency["kind"].as_str().unwrap_or("normal").to_owned()))
            });
            Ok(Package {
                name: text("name")?.to_owned(),
                manifest: manifest.to_owned(),
                dependencies: dependencies.collect::<Result<_>>()?,
            })
        })
        .collect()
}

fn findings_in(packages: &[Package]) -> Findings {
    let mut findings = Findings { looked_at: packages.len(), ..Findings::default() };
    let ours: BTreeSet<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    for package in packages {
        let Some(wall) = WALLS.iter().find(|wall| wall.package == package.name) else {
            let what = format!("{} is not in depcheck's table: give it a wall", package.name);
            findings.add(&package.manifest, 0, what);
            continue;
        };
        for (name, kind) in &package.dependencies {
            if !is_allowed(wall, name, ours.contains(name.as_str())) {
                let what = format!("{} must not depend on {name} ({kind})", package.name);
                findings.add(&package.manifest, 0, what);
            }
        }
    }
    for ring in rings(packages) {
        findings.add("Cargo.toml", 0, format!("a ring of crates: {}", ring.join(" -> ")));
    }
    findings
}

fn is_allowed(wall: &Wall, name: &str, is_ours: bool) -> bool {
    match (is_ours, &wall.ours) {
        (true, Ours::Only(allowed)) => allowed.contains(&name),
        (true, Ours::AllBut(refused)) => !refused.contains(&name),
        (false, _) => wall.others.is_none_or(|allowed| allowed.contains(&name)),
    }
}

/// Every ring once, starting from its first crate by name. Kinds are not told apart.
fn rings(packages: &[Package]) -> BTreeSet<Vec<String>> {
    let edges: BTreeMap<&str, BTreeSet<&str>> = packages
        .iter()
        .map(|package| {
            let named = package.dependencies.iter().map(|(name, _)| name.as_str());
            (package.name.as_str(), named.collect())
        })
        .collect();
    let mut found = BTreeSet::new();
    for start in edges.keys() {
        walk(&edges, &mut vec![start], &mut found);
    }
    found
}

/// Follows every path that has not met itself; our graph has about ten crates, and names smaller
/// than the start are left to the walk that starts there.
fn walk<'a>(
    edges: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    path: &mut Vec<&'a str>,
    found: &mut BTreeSet<Vec<String>>,
) {
    let (Some(start), Some(here)) = (path.first().copied(), path.last().copied()) else {
        return;
    };
    for next in edges.get(here).into_iter().flatten().copied() {
        if next == start {
            found.insert(path.iter().chain([&start]).map(|name| (*name).to_owned()).collect());
        } else if next > start && edges.contains_key(next) && !path.contains(&next) {
            path.push(next);
            walk(edges, path, found);
            path.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, &str)]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("{name}/Cargo.toml"),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned()))
                .collect(),
        }
    }

    fn whats(packages: &[Package]) -> Vec<String> {
        findings_in(packages).findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn walls_as_designed_are_clean() {
        let packages = [
            package("shomar-format", &[("rkyv", "normal")]),
            package("shomar-seats", &[("thiserror", "normal"), ("proptest", "dev")]),
            package("shomar-engine", &[("shomar-format", "normal"), ("shomar-seats", "normal")]),
            package("shomar-tests", &[("shomar-engine", "dev"), ("shomar-seats", "dev")]),
        ];
        assert!(whats(&packages).is_empty());
    }

    #[test]
    fn sibling_in_dev_dependencies_is_found() {
        let packages = [
            package("shomar-engine", &[("shomar-loader", "dev")]),
            package("shomar-loader", &[("shomar-format", "normal")]),
            package("shomar-format", &[]),
        ];
        assert_eq!(whats(&packages), ["shomar-engine must not depend on shomar-loader (dev)"]);
    }

    #[test]
    fn seats_may_name_nobody_but_thiserror() {
        let packages = [package("shomar-seats", &[("serde", "normal")])];
        assert_eq!(whats(&packages), ["shomar-seats must not depend on serde (normal)"]);
    }

    #[test]
    fn second_implementation_may_not_name_the_first() {
        let packages = [
            package("shomar-verify", &[("num-bigint", "normal"), ("shomar-seats", "dev")]),
            package("shomar-seats", &[]),
            package("shomar-tests", &[("shomar-seats", "dev"), ("shomar-verify", "dev")]),
        ];
        assert_eq!(whats(&packages), ["shomar-verify must not depend on shomar-seats (dev)"]);
    }

    #[test]
    fn benches_may_not_name_the_tests() {
        let packages = [
            package("shomar-benches", &[("shomar-tests", "normal")]),
            package("shomar-tests", &[]),
        ];
        assert_eq!(whats(&packages), ["shomar-benches must not depend on shomar-tests (normal)"]);
    }

    #[test]
    fn crate_without_a_wall_is_found() {
        let packages = [package("shomar-new", &[])];
        assert_eq!(whats(&packages), ["shomar-new is not in depcheck's table: give it a wall"]);
    }

    #[test]
    fn ring_through_dev_dependencies_is_found_once() {
        let packages = [
            package("shomar-tests", &[("shomar", "normal")]),
            package("shomar", &[("shomar-engine", "normal")]),
            package("shomar-engine", &[("shomar-tests", "dev")]),
        ];
        let rings: Vec<String> =
            whats(&packages).into_iter().filter(|what| what.starts_with("a ring")).collect();
        let ring = "a ring of crates: shomar -> shomar-engine -> shomar-tests -> shomar";
        assert_eq!(rings, [ring]);
    }

    #[test]
    fn crate_that_names_itself_is_a_ring() {
        let packages = [package("shomar-tests", &[("shomar-tests", "dev")])];
        assert_eq!(whats(&packages), ["a ring of crates: shomar-tests -> shomar-tests"]);
    }

    #[test]
    fn metadata_of_cargo_is_read() {
        let metadata = serde_json::json!({"packages": [{
            "name": "shomar-seats",
            "manifest_path": "/somewhere/engine/seats/Cargo.toml",
            "dependencies": [
                {"name": "thiserror", "kind": null},
                {"name": "proptest", "kind": "dev"},
            ],
        }]});
        let packages = packages_in(&metadata, "/somewhere").unwrap();
        assert_eq!(packages[0].manifest, "engine/seats/Cargo.toml");
        let kinds: Vec<&str> =
            packages[0].dependencies.iter().map(|(_, kind)| kind.as_str()).collect();
        assert_eq!(kinds, ["normal", "dev"]);
        assert!(packages_in(&serde_json::json!({}), "/somewhere").is_err());
    }
}
