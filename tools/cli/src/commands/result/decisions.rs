//! What officers decided, as far as a result needs it: lots, declarations, what is still missing.
//!
//! In: a counted folder. Out: the lots of its journal, as a lots file would have them; what each
//! district has and waits for. Never: a lot drawn, a district called complete on a guess.

use shomar_engine::checks::Registers;
use shomar_engine::completeness::{Completeness, CompletenessInput};
use shomar_engine::ledger::Ledger;
use shomar_engine::lots::{self, RecordedLot};

use crate::count::Counted;

/// How messages call the place of a lot that stands in the journal; its line is the position.
pub(super) const JOURNAL: &str = "journal";

fn ledger(counted: &Counted) -> Option<&Ledger> {
    Some(&counted.recount.standings.as_ref()?.ledger)
}

/// The lots of the journal.
pub(super) fn journal_lots(counted: &Counted) -> Vec<RecordedLot> {
    ledger(counted).map_or_else(Vec::new, |ledger| {
        lots::journal_lots(ledger, &counted.definition.counting()).collect()
    })
}

/// What every district has and waits for.
pub(super) fn completeness<'a>(counted: &'a Counted, registers: &'a Registers) -> Completeness<'a> {
    Completeness::of(CompletenessInput {
        definition: counted.definition.counting(),
        snapshot: Some(&counted.snapshot),
        ledger: ledger(counted),
        held: &counted.recount.held,
        registers,
    })
}
