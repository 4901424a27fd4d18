//! What officers have declared, held against what is counted.
//!
//! In: the ledger, a snapshot. Out: the last declaration of each district, and whether totals of it
//! moved after that. Never: a declaration taken at its word: it says who is elected, and only the
//! count says whether that is so.

use std::collections::BTreeMap;

use shomar_engine::ledger::Ledger;
use shomar_engine::live::LiveSnapshot;
use shomar_format::CountingDefinition;

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
        // Also what a check has moved because of another batch.
        let is_overtaken = snapshot.moved_at[district as usize] > position;
        declarations.insert(district, Declaration { position, elected, is_overtaken });
    }
    declarations
}
