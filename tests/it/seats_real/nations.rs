//! B7: national results of Austria and of Israel, by D'Hondt.
//!
//! In: votes and seats of every party of a country, one line per election. Out: the seats exactly;
//! in Israel of each bloc among the blocs, and of each party inside its bloc. Never: a threshold
//! that the figures do not allow to check is taken as checked; see [`bader_ofer`].

use super::literal::Literal;
use super::{Contest, Verdict, read, rule};
use crate::kit;

/// An election of the Nationalrat: year, votes and seats of every party.
///
/// The national distribution (Nationalrats-Wahlordnung 1992 § 107) is by D'Hondt among the parties
/// with 4 % of the valid votes *or* a direct mandate in one of the regions (§ 107 (2)). In none of
/// these nine elections did a party enter by a direct mandate alone: the nearest below 4 %, the
/// Greens of 2017 with 3.80 %, had none. So the 4 % alone decide here, and `threshold` says all.
pub(super) fn austria(line: &str) -> Contest {
    let election = Literal::parse(line);
    let [year, names, votes, seats] = election.list() else { panic!("{line:?}: not four values") };
    let count = names.list().len();
    names.list().iter().for_each(|name| assert!(!name.text().is_empty(), "{line:?}"));
    assert_eq!((votes.list().len(), seats.list().len()), (count, count), "{line:?}");
    let figures = votes.list().iter().zip(seats.list());
    let figures: Vec<(u64, u32)> =
        figures.map(|(votes, seats)| (votes.whole(), seats.whole())).collect();
    let house = figures.iter().map(|(_, seats)| seats).sum();
    assert_eq!(house, 183, "{line:?}: the Nationalrat has 183 seats");
    Contest::of_votes(format!("Austria {}", year.whole::<u32>()), house, &figures)
}

#[test]
fn austrian_elections_are_reproduced_seat_by_seat() {
    let test = "austrian_elections_are_reproduced_seat_by_seat";
    let Some(folder) = kit::data("B7_national_tables", test) else {
        return;
    };
    let dhondt = rule("dhondt", &[("threshold", "4")]);
    let others = [
        rule("dhondt", &[]),
        rule("hare", &[("threshold", "4")]),
        rule("sainte-lague", &[("threshold", "4")]),
    ];
    let mut differs = [0; 3];
    let text = read(&folder.join("nr_wahlen.txt"));
    let elections: Vec<Contest> = text.lines().map(austria).collect();
    for election in &elections {
        election.assert_exact(&dhondt);
        for (count, other) in differs.iter_mut().zip(&others) {
            *count += u32::from(!election.is_of(other));
        }
    }
    kit::note(&format!(
        "real data: B7: Austria exact {}; wrong by [no 4 %, hare, sainte-lague] {differs:?}",
        elections.len()
    ));
    assert_eq!(elections.len(), 9);
    assert_eq!(differs[1], 6, "Hare differs in 6, as the source says");
    assert!(differs[0] > 0, "the threshold must matter somewhere");
}

/// A Knesset: the blocs among themselves, the parties inside each bloc, and each for itself.
#[derive(Debug)]
struct Knesset {
    blocs: Contest,
    inside: Vec<Contest>,
    parties: Contest,
}

/// Knesset elections law, §§ 81 to 82 (Bader-Ofer): lists with a surplus agreement count as one
/// when seats are distributed, and share the seats of their bloc by the same method.
///
/// The file holds the lists that passed, so the bar is applied already; of its base, all valid
/// votes, the file has only these. What can be checked is that each reaches the bar of the votes
/// there, of which all valid votes are at least as many.
fn bader_ofer(line: &str) -> Knesset {
    let election = Literal::parse(line);
    let [number, names, votes, seats, bar] = election.list() else {
        panic!("{line:?}: not five values")
    };
    let name = format!("Knesset {}", number.whole::<u32>());
    let percent = match bar.number() {
        "0.02" => "2",
        "0.0325" => "3.25",
        other => panic!("{line:?}: an unknown bar {other}"),
    };
    let counts = [names, votes, seats].map(|values| values.list().len());
    assert_eq!(counts, [counts[0]; 3], "{line:?}");
    let (mut blocs, mut parties, mut inside) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..counts[0] {
        let lists: Vec<&str> = names.list()[index].text().split('+').collect();
        let votes: Vec<u64> = votes.list()[index].terms();
        let seats: Vec<u32> = seats.list()[index].terms();
        assert_eq!((votes.len(), seats.len()), (lists.len(), lists.len()), "{lists:?}");
        let figures: Vec<(u64, u32)> = votes.into_iter().zip(seats).collect();
        let (bloc_votes, bloc_seats) =
            figures.iter().fold((0, 0), |sum, list| (sum.0 + list.0, sum.1 + list.1));
        blocs.push((bloc_votes, bloc_seats));
        parties.extend(&figures);
        if lists.len() > 1 {
            inside.push(Contest::of_votes(format!("{name} {lists:?}"), bloc_seats, &figures));
        }
    }
    let parties = Contest::of_votes(format!("{name} without agreements"), 120, &parties);
    let outcome = parties.compare(&rule("dhondt", &[("threshold", percent)])).outcome;
    assert!(outcome.groups.iter().all(|group| group.seats > 0), "{name}: a list below the bar");
    Knesset { blocs: Contest::of_votes(name, 120, &blocs), inside, parties }
}

#[test]
fn knessets_are_reproduced_among_blocs_and_inside_them() {
    let test = "knessets_are_reproduced_among_blocs_and_inside_them";
    let Some(folder) = kit::data("B7_national_tables", test) else {
        return;
    };
    let dhondt = rule("dhondt", &[]);
    let hare = rule("hare", &[]);
    let text = read(&folder.join("knesset.txt"));
    let elections: Vec<Knesset> = text.lines().map(bader_ofer).collect();
    let (mut inside, mut agreements_matter, mut hare_differs) = (0, 0, 0);
    for election in &elections {
        election.blocs.assert_exact(&dhondt);
        for bloc in &election.inside {
            bloc.assert_exact(&dhondt);
            inside += 1;
            hare_differs += u32::from(!bloc.is_of(&hare));
        }
        hare_differs += u32::from(!election.blocs.is_of(&hare));
        let alone = election.parties.verdict(&dhondt);
        agreements_matter += u32::from(matches!(alone, Verdict::Wrong(_)));
    }
    kit::note(&format!(
        "real data: B7: Knesset exact {} among blocs, {inside} blocs inside; wrong by hare \
         {hare_differs}; agreements change {agreements_matter}",
        elections.len()
    ));
    assert_eq!((elections.len(), inside), (4, 17));
    assert!(agreements_matter > 0, "surplus agreements must matter somewhere");
}
