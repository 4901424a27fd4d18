//! The script: its errors with their lines, and what is drawn from the seed.

use super::*;
use crate::tests::kit::{Recipe, script};

fn error(text: &str) -> String {
    FaultScript::parse(Path::new("f.toml"), text).unwrap_err().to_string()
}

#[test]
fn nonsense_is_refused_with_its_line() {
    let cases = [
        (
            "[[fault]]\nkind = \"flipp\"\ncount = 1\n",
            "f.toml:2: found kind 'flipp', expected 'flip', perhaps",
        ),
        ("[[fault]]\nkind = \"flip\"\n", "f.toml:1: found a fault without its share, or with two"),
        (
            "[[fault]]\nkind = \"flip\"\ncount = 1\nper_mille = 1\n",
            "f.toml:1: found a fault without",
        ),
        (
            "[[fault]]\nkind = \"flip\"\nper_mille = 1001\n",
            "f.toml:3: found per_mille = 1001, expected 1 to 1000",
        ),
        ("[[fault]]\nkind = \"flip\"\ncount = 0\n", "f.toml:3: found count = 0, expected 1 to"),
        (
            "[[fault]]\nkind = \"flip\"\ncount = 1\ntimes = 2\n",
            "f.toml:4: found times for kind 'flip', expected none",
        ),
        (
            "[[fault]]\nkind = \"flip\"\ncount = 1\nover_ms = 2\n",
            "f.toml:4: found over_ms for kind",
        ),
        (
            "[[fault]]\nkind = \"flip\"\ncount = 1\ncommand = \"x\"\n",
            "f.toml:4: found command for kind",
        ),
        (
            "[[fault]]\nkind = \"kill\"\ncommand = \"x\"\n",
            "f.toml:1: found a kill without its time",
        ),
        ("[[fault]]\nkind = \"kill\"\nat_ms = 3\n", "f.toml:1: found a kill without a command"),
        (
            "[[fault]]\nkind = \"kill\"\nat_ms = 3\ncount = 1\n",
            "f.toml:4: found count for kind 'kill'",
        ),
        (
            "[[fault]]\nkind = \"fork\"\ncount = 1\nexpect = [\"forc\"]\n",
            "f.toml:4: found verdict 'forc', expected http-STATUS, or 'fork', perhaps",
        ),
        ("\n\n[[fault]]\nkind = \"flip\"\ncuont = 1\n", "f.toml:5: found unknown field `cuont`"),
        ("[[fault]]\nkind = \"flip\"\ncount = \"x\"\n", "f.toml:3: found invalid type"),
        ("[[fault]]\nkind = \"flip\"\ncount = -1\n", "f.toml:3: found"),
        ("[[fault]\n", "f.toml:1: found"),
        ("fault = 3\n", "f.toml:1: found"),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.starts_with(expected), "{text}: {error}");
        assert!(error.contains(", expected "), "{error}");
    }
    let unlike = error("[[fault]]\nkind = \"xyzzy\"\ncount = 1\n");
    assert!(unlike.ends_with("expected one of: duplicate, reorder, truncate, wrong-key, unsigned, equivocation, fork, test-as-official, flip, slow, garbage, kill"), "{unlike}");
    let missing = FaultScript::read(Path::new("no-such-faults.toml")).unwrap_err();
    assert!(missing.to_string().contains("no-such-faults.toml: cannot read"));
}

#[test]
fn every_kind_is_read_with_its_defaults() {
    for (name, kind) in KINDS {
        let read = script(&format!("[[fault]]\nkind = \"{name}\"\nper_mille = 3\n"));
        let rule = &read.rules[0];
        assert_eq!((rule.kind, rule.kind.name(), rule.times), (kind, name, 1));
        assert_eq!(rule.share, Share::PerMille(3));
    }
    let read = script("[[fault]]\nkind = \"kill\"\ncommand = \"x\"\nat_ms = 7\n");
    assert_eq!(read.kills[0].when, When::At(Duration::from_millis(7)));
    let nothing = script("");
    assert!(nothing.rules.is_empty() && nothing.kills.is_empty());
}

fn hits(text: &str, recipe: Recipe, seed: u64) -> Vec<(usize, Kind)> {
    let nation = recipe.nation();
    let faults = Faults::choose(&script(text), &nation.plan, seed).unwrap();
    let mut hits: Vec<(usize, Kind)> =
        faults.hits().map(|(batch, rule)| (batch, rule.kind)).collect();
    hits.sort_unstable();
    hits
}

#[test]
fn equal_seeds_hit_equal_batches_and_other_seeds_others() {
    let text =
        "[[fault]]\nkind = \"flip\"\nper_mille = 100\n[[fault]]\nkind = \"fork\"\ncount = 30\n";
    let recipe = Recipe { stations: 100, ..Recipe::default() };
    let first = hits(text, recipe, 1);
    assert_eq!(first, hits(text, recipe, 1));
    assert_ne!(first, hits(text, recipe, 2));
    assert_eq!(first.iter().filter(|(_, kind)| *kind == Kind::Fork).count(), 30);
    let flips = first.iter().filter(|(_, kind)| *kind == Kind::Flip).count();
    assert!((25..85).contains(&flips), "a tenth of 500: {flips}");
    let all = "[[fault]]\nkind = \"garbage\"\nper_mille = 1000\n";
    assert_eq!(hits(all, recipe, 1).len(), 500);
    let more_than_all = "[[fault]]\nkind = \"garbage\"\ncount = 501\n";
    assert_eq!(hits(more_than_all, recipe, 1).len(), 500);
}

#[test]
fn only_a_batch_with_a_successor_can_be_reordered() {
    let text = "[[fault]]\nkind = \"reorder\"\nper_mille = 1000\n";
    let recipe = Recipe { stations: 3, batches_each: 4, ..Recipe::default() };
    assert_eq!(hits(text, recipe, 1).len(), 9, "the last of each has none");
}

#[test]
fn faults_of_signatures_need_a_signed_folder() {
    let nation = Recipe { signed: false, ..Recipe::default() }.nation();
    for kind in ["wrong-key", "unsigned", "fork", "test-as-official"] {
        let text = format!("\n[[fault]]\nkind = \"{kind}\"\ncount = 1\n");
        let error = Faults::choose(&script(&text), &nation.plan, 1).unwrap_err().to_string();
        let expected = format!("faults.toml:2: found {kind} for batches without a signature");
        assert!(error.contains(&expected), "{error}");
    }
    let text = "[[fault]]\nkind = \"equivocation\"\ncount = 1\n";
    assert!(Faults::choose(&script(text), &nation.plan, 1).is_ok(), "needs no key without one");
}
