//! What officers decided, as far as a result needs it: lots, declarations, what is still missing.
//!
//! In: a counted folder. Out: the lots of its journal, as a lots file would have them; the
//! districts that wait for somebody. Never: a lot drawn, a district called complete on a guess.

use std::collections::BTreeMap;
use std::path::Path;

use shomar_engine::ledger::{Ledger, Standing};
use shomar_engine::outcome::missing_districts;
use shomar_format::BatchAddress;

use crate::count::Counted;
use crate::lots::{LotRow, lot_row_of};

/// How messages call the place of a lot that stands in the journal; its line is the position.
pub(super) const JOURNAL: &str = "journal";

fn ledger(counted: &Counted) -> Option<&Ledger> {
    Some(&counted.recount.standings.as_ref()?.ledger)
}

/// The lots of the journal.
pub(super) fn journal_lots(counted: &Counted) -> anyhow::Result<Vec<LotRow>> {
    let Some(ledger) = ledger(counted) else { return Ok(Vec::new()) };
    let rows = ledger.lots().map(|(position, lot)| {
        let fields = [
            &lot.district,
            &lot.kind,
            &lot.place.to_string(),
            &lot.winner,
            &lot.between,
            &lot.drawn_at,
            &lot.present,
        ];
        lot_row_of(Path::new(JOURNAL), position, fields.map(Clone::clone))
    });
    rows.collect()
}

/// Districts (by index) that wait for batches, ascending: those of which a pair of `serves.csv` has
/// not reported, or has only batches that are held, and those of a station whose device has sealed
/// a batch that did not come. Without `serves.csv` those that nobody has declared, if there are
/// officers who could.
pub(super) fn waiting_districts(counted: &Counted) -> Vec<u32> {
    let definition = counted.definition.counting();
    let ledger = ledger(counted);
    let Some(pairs) = definition.served_pairs() else {
        let Some(ledger) = ledger.filter(|ledger| !ledger.applied().is_empty()) else {
            return Vec::new();
        };
        let declared = ledger.declared();
        let districts = 0..definition.district_count();
        return districts
            .filter(|&district| !declared.contains_key(definition.district_id(district)))
            .collect();
    };
    let reported = reported(counted, ledger);
    let gaps = stations_with_gaps(&reported);
    let mut waiting = missing_districts(&definition, reported.into_iter());
    waiting
        .extend(pairs.filter(|(station, _)| gaps.contains(station)).map(|(_, district)| district));
    waiting.sort_unstable();
    waiting.dedup();
    waiting
}

/// Batches that nobody waits for any more: counted, or out of the totals by a decision.
fn reported(counted: &Counted, ledger: Option<&Ledger>) -> Vec<BatchAddress> {
    let rejected = counted.recount.held.iter().filter(|held| held.is_rejected);
    let counted = counted.snapshot.batches().map(|batch| batch.address);
    let decided = ledger.into_iter().flat_map(|ledger| {
        let entries = (0..).zip(ledger.entries());
        let out = entries.filter(|(batch, _)| {
            matches!(ledger.standing(*batch), Standing::Superseded(_) | Standing::Annulled(_))
        });
        out.map(|(_, entry)| entry.address)
    });
    counted.chain(decided).chain(rejected.map(|held| held.address)).collect()
}

/// Stations of which a device has sealed a batch between others that did not come.
fn stations_with_gaps(reported: &[BatchAddress]) -> Vec<u32> {
    let mut devices: BTreeMap<(u32, u32), (u64, u64)> = BTreeMap::new();
    for address in reported {
        let (number, end) = devices.entry((address.station, address.device)).or_default();
        *number += 1;
        *end = (*end).max(address.sequence.saturating_add(1));
    }
    let gaps = devices.into_iter().filter(|(_, (number, end))| number < end);
    let mut stations: Vec<u32> = gaps.map(|((station, _), _)| station).collect();
    stations.dedup();
    stations
}
