//! What officers have declared, held against what is counted.
//!
//! In: the ledger, a snapshot. Out: the last declaration of each district, and whether totals of it
//! moved after that. Never: a declaration taken at its word: it says who is elected, and only the
//! count says whether that is so.

use std::collections::{BTreeMap, HashSet};

use shomar_engine::decision::Effects;
use shomar_engine::ledger::{Ledger, Standing};
use shomar_engine::live::LiveSnapshot;
use shomar_format::CountingDefinition;
use shomar_format::bytes::Digest32;

/// The last declaration of a district.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Number of its record in the journal.
    pub position: u64,
    /// Codes of those declared elected, ascending.
    pub elected: Vec<u32>,
    /// Whether a vote came into the totals of the district, or went out, after it was signed.
    pub is_overtaken: bool,
}

/// The last declaration of each district, by index.
pub(crate) fn declarations(
    ledger: &Ledger,
    snapshot: &LiveSnapshot,
    definition: &CountingDefinition<'_>,
) -> BTreeMap<u32, Declaration> {
    let mut declarations = BTreeMap::new();
    for (id, (position, elected)) in ledger.declared() {
        let Some(district) = definition.find_district(id) else { continue };
        let mut elected = elected.to_vec();
        elected.sort_unstable();
        declarations.insert(district, Declaration { position, elected, is_overtaken: false });
    }
    let Some(first) = declarations.values().map(|own| own.position).min() else {
        return declarations;
    };
    let mut move_at = |district: u32, position: u64| {
        if let Some(own) = declarations.get_mut(&district) {
            own.is_overtaken |= position > own.position;
        }
    };
    let held: HashSet<&Digest32> = snapshot.held.iter().map(|held| &held.hash).collect();
    let entries = ledger.entries();
    let later = entries.partition_point(|entry| entry.position <= first);
    for (number, entry) in (0..).zip(entries).skip(later) {
        if ledger.standing(number) == Standing::Stands && !held.contains(&entry.hash) {
            move_at(entry.address.district, entry.position);
        }
    }
    for decision in snapshot.decisions.iter() {
        if let Effects::Districts(effects) = &decision.effects {
            effects.iter().for_each(|effect| move_at(effect.district, decision.position));
        }
    }
    declarations
}
