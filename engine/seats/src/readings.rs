//! Every outcome that open readings of a rule can have.
//!
//! What comes in: a rule, the options that are open, and a count under a rule that says on which
//! options it rested. What goes out: every combination that matters, each once, with its result.
//! An option that a count did not rest on has no effect there and is not varied: that is what
//! [`crate::Outcome::readings`] promises, and a test holds it to that.

use std::collections::BTreeSet;

use crate::{OptionName, Rule};

/// One combination of readings, and what it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch<T> {
    /// The options that matter here with their values, in the order in which they came to matter.
    pub readings: Vec<(OptionName, &'static str)>,
    /// What was counted.
    pub result: T,
}

/// Counts under every combination of the open options that matters.
pub fn explore<T: Clone>(
    rule: &Rule,
    open: &[OptionName],
    mut count: impl FnMut(&Rule) -> (BTreeSet<OptionName>, T),
) -> Vec<Branch<T>> {
    let first = count(rule);
    let mut branches = Vec::new();
    branch(*rule, open, first, &mut Vec::new(), &mut count, &mut branches);
    branches
}

fn branch<T: Clone>(
    rule: Rule,
    open: &[OptionName],
    counted: (BTreeSet<OptionName>, T),
    fixed: &mut Vec<(OptionName, &'static str)>,
    count: &mut impl FnMut(&Rule) -> (BTreeSet<OptionName>, T),
    branches: &mut Vec<Branch<T>>,
) {
    let (used, result) = counted;
    let is_next = |option: &&OptionName| {
        used.contains(option) && fixed.iter().all(|(done, _)| done != *option)
    };
    let Some(option) = open.iter().find(is_next).copied() else {
        branches.push(Branch { readings: fixed.clone(), result });
        return;
    };
    let in_force = rule.options().value(option);
    for value in option.values().iter().filter(|value| !value.starts_with('<')) {
        let other = rule.with_option(option.name(), value).unwrap_or(rule);
        let counted =
            if *value == in_force { (used.clone(), result.clone()) } else { count(&other) };
        fixed.push((option, value));
        branch(other, open, counted, fixed, count, branches);
        fixed.pop();
    }
}
