//! Forged records: each is what it pretends to be, and nothing more.

use super::*;
use crate::tests::kit::{Nation, Recipe, script, secret};
use shomar_format::bytes::hex;
use shomar_format::record::{RecordHeader, verify_signature};

const KINDS: [(&str, Kind); 7] = [
    ("wrong-key", Kind::WrongKey),
    ("unsigned", Kind::Unsigned),
    ("equivocation", Kind::Equivocation),
    ("fork", Kind::Fork),
    ("test-as-official", Kind::TestAsOfficial),
    ("flip", Kind::Flip),
    ("garbage", Kind::Garbage),
];

fn forge(nation: &Nation, name: &str, seed: u64) -> Result<Forge, ReplayError> {
    let text = format!("[[fault]]\nkind = \"{name}\"\nper_mille = 1000\n");
    let faults = Faults::choose(&script(&text), &nation.plan, seed).unwrap();
    Forge::new(&nation.plan, &faults, seed)
}

#[test]
fn a_forged_signature_is_that_of_the_format_where_it_is_honest() {
    let nation = Recipe::default().nation();
    let forge = forge(&nation, "fork", 1).unwrap();
    for batch in [0, 9, 39] {
        let honest = nation.plan.record(batch);
        let key = forge.key(&nation.plan, batch);
        assert_eq!(sign_again(&honest, &key, Mode::Test, &previous_hash(&honest)), honest);
    }
}

#[test]
fn each_record_is_wrong_in_one_thing_alone() {
    let nation = Recipe::default().nation();
    for (name, kind) in KINDS {
        let forge = forge(&nation, name, 7).unwrap();
        for batch in [0, 13, 39] {
            let honest = nation.plan.record(batch);
            let forged = forge.make(&nation.plan, 0, kind, batch);
            assert_ne!(forged, honest, "{name}");
            assert_eq!(
                forged,
                forge.make(&nation.plan, 0, kind, batch),
                "equal seeds, equal bytes"
            );
            if matches!(kind, Kind::Flip | Kind::Garbage) {
                let differing = forged.iter().zip(&honest).map(|(a, b)| (a ^ b).count_ones());
                assert!(kind == Kind::Garbage || differing.sum::<u32>() == 1);
                continue;
            }
            let header = RecordHeader::read(&forged).unwrap();
            assert_eq!(header.checksum(), checksum_with_hole(&forged, at::CHECKSUM_OFFSET));
            assert_eq!(header.address(), nation.plan.batch(batch).address);
            let key = SecretKey::from_seed(&secret(header.address().station)).public();
            let own = |mode| verify_signature(&forged, mode, &key).is_ok();
            let same_body =
                *header.body_hash() == *RecordHeader::read(&honest).unwrap().body_hash();
            let same_previous = previous_hash(&forged) == previous_hash(&honest);
            let found = (own(Mode::Test), own(Mode::Official), same_body, same_previous);
            let expected = match kind {
                Kind::WrongKey => (false, false, true, true),
                Kind::Equivocation => (true, false, false, true),
                Kind::Fork => (true, false, true, false),
                Kind::TestAsOfficial => (false, true, true, true),
                _ => (false, false, true, batch == 0),
            };
            assert_eq!(found, expected, "{name} of batch {batch}");
        }
    }
}

#[test]
fn other_seeds_forge_other_records() {
    let nation = Recipe::default().nation();
    for (name, kind) in [KINDS[0], KINDS[3], KINDS[5], KINDS[6]] {
        let of_seed = |seed| forge(&nation, name, seed).unwrap().make(&nation.plan, 0, kind, 20);
        assert_ne!(of_seed(1), of_seed(2), "{name}");
    }
}

#[test]
fn missing_and_wrong_keys_are_named_with_their_line() {
    let error = |spoil: &dyn Fn(&str) -> Option<String>| {
        let nation = Recipe::default().nation();
        let path = nation.folder.path().join(KEYS_FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        if let Some(text) = spoil(&text) {
            std::fs::write(&path, text).unwrap();
        }
        forge(&nation, "fork", 1).unwrap_err().to_string()
    };
    let missing = error(&|_| None);
    assert!(missing.contains("secret-keys.csv: found no such file, expected the secret keys"));
    let lines = |text: &str, keep: usize| {
        text.lines().take(keep).map(|line| format!("{line}\n")).collect::<String>()
    };
    let short = error(&|text| Some(lines(text, 7)));
    assert!(short.contains("found no key of station 'S"), "{short}");
    let stranger = error(&|text| Some(text.replace("\nS3,", "\nX3,")));
    assert!(stranger.contains("secret-keys.csv:5: found station 'X3'"), "{stranger}");
    let third = hex(&secret(3));
    let cut = error(&|text| Some(text.replace(&third, "abc")));
    assert!(cut.contains(":5: found 3 characters in 'secret', expected 64"), "{cut}");
    let device = error(&|text| Some(text.replace("\nS3,0", "\nS3,x")));
    assert!(device.contains(":5: found device 'x'"), "{device}");
    assert!(forge(&Recipe::default().nation(), "flip", 1).is_ok());
}
