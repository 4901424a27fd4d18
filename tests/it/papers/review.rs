//! The review: recounts stand by themselves, and are late for nothing.
//!
//! In: a journal with a recount after the close. Out: what the review counts. Never: a recount
//! among the batches that came late.

use super::*;

#[test]
fn a_recount_is_not_late_and_is_listed_by_itself() {
    let keyed = election("official", "");
    let batches = sealed(&keyed, &format!("{VILLAGE}{CITY}"));
    let [first, rest @ ..] = &batches[..] else { panic!("no batch") };
    let recount = recounted(&keyed, "S1,V1,104,99\n");
    let supersede = Action::Supersede {
        station: "S1".to_owned(),
        district: "V1".to_owned(),
        old: vec![record_hash(first)],
        new: vec![record_hash(&recount[0])],
    };
    let decisions = signed(&keyed, vec![Action::Open, Action::Close, supersede]);
    let mut all = vec![decisions[0].clone()];
    all.extend(rest.iter().cloned());
    all.push(decisions[1].clone());
    // One that is late indeed, and the recount.
    all.push(first.clone());
    all.extend(recount);
    for (name, became, superseded) in
        [("waits", "waits for a decision", "0"), ("placed", "in place of the first count", "1")]
    {
        if name == "placed" {
            all.push(decisions[2].clone());
        }
        let folder = journal(&keyed, name, &all);
        let paper = Reported::of("review", &folder, &["--lang", "en"]).paper("review");
        let sum = paper.rows("All provinces").pop().unwrap().1;
        let counted = [batches.len().to_string(), "1".to_owned()];
        assert_eq!(sum[1..3], counted, "{name}: batches, late");
        assert_eq!(sum[10], superseded, "{name}");
        assert_eq!(paper.rows("Late batches: 1").len(), 1, "{name}");
        let listed = paper.rows("Recounts: 1");
        let own = &listed[0].1;
        assert_eq!((own[3].as_str(), own[4].as_str()), (became, "99"), "{name}");
    }
}
