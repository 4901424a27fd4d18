//! Named sets of rules, sizes of councils, attributes and statuses of candidates.

use serde_json::json;

use super::{DISTRICTS, Election, Sealed};
use crate::kit;

/// Three councils in one contest: a village, a city of an odd size, and one with 21 seats.
fn councils(options: &str) -> Sealed {
    let candidates: Vec<String> = (1..=9).map(|at| format!("A,{},,n,N{at}", 100 + at)).collect();
    let tehran: Vec<String> = (1..=14).map(|at| format!("T,{},40,n,L{at}", 200 + at)).collect();
    let alone: Vec<String> = (1..=8).map(|at| format!("T,{},,n,I{at}", 300 + at)).collect();
    Election {
        contests: &format!(
            "[[contest]]\nid = \"councils\"\nrule = \"ir-councils-1405\"\n{options}"
        ),
        districts: "district,contest,name_fa,name_en,province,county,seats,alternates,population\n\
                    A,councils,ده,Village,23,2301,3,2,1600\n\
                    B,councils,شهر,City,23,2301,4,3,\n\
                    T,councils,تهران,Tehran,23,,21,11,\n",
        lists: "T,40,الف,Alef\n",
        candidates: &format!(
            "district,code,list,name_fa,name_en\n{}\nB,1,,n,N\n{}\n{}\n",
            candidates.join("\n"),
            tehran.join("\n"),
            alone.join("\n")
        ),
        ballots: "A,101 102 103,5\nA,104 105,4\nA,101 106,1\nB,1,2\nT,40,2\nT,301 302,5\nT,303,1",
    }
    .seal()
}

#[test]
fn one_contest_of_councils_is_block_vote_and_article_24_for_tehran() {
    let sealed = councils("");
    let (code, village) = sealed.district(&["--district", "A"]);
    assert_eq!(
        (&village["rule"], &village["method"]),
        (&json!("ir-councils-1405"), &json!("block-plurality"))
    );
    // 101: 6, 102 and 103: 5, 104 and 105: 4, 106: 1; two alternates that are equal in order
    assert_eq!(village["elected"], json!([101, 102, 103]));
    assert_eq!((code, &village["lots"][0]["kind"]), (3, &json!("alternate")));
    let (_, tehran) = sealed.district(&["--district", "T"]);
    assert_eq!(tehran["method"], "article-24");
    // List 2 x 14 = 28, pool 5 + 5 + 1 = 11 of 39 votes: 15.08 and 5.92 of 21; but the list has 14
    // names, and of the pool three have a vote.
    assert_eq!(
        tehran["groups"],
        json!([
            {"list": 40, "votes": 28, "seats": 14, "vacant": 0},
            {"list": null, "votes": 11, "seats": 3, "vacant": 0},
        ])
    );
}

#[test]
fn a_size_that_no_council_has_is_a_finding_and_no_refusal() {
    let findings = |options: &str, district: &str| {
        let (_, found) = councils(options).district(&["--district", district]);
        found["findings"].to_string()
    };
    assert!(findings("", "B").contains("4 seats and 3 alternates"));
    assert_eq!(findings("", "A"), "[]", "3 and 2 is a size; of what population is not asked");
    let village = findings("place = \"village\"", "A");
    assert!(village.contains("expected 5 and 3 for 1600 people"), "{village}");
    let older = findings("sizes = \"1392\"\nplace = \"city\"", "B");
    assert!(older.contains("table of 1392") && older.contains("25 and 10"), "{older}");
}

#[test]
fn veterans_and_degrees_decide_only_where_the_old_order_is_in_force() {
    let village = |options: &str| {
        Election {
            contests: &format!("[[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n{options}"),
            districts: &format!("{DISTRICTS}V,c,ده,Village,23,2301,2,1\n"),
            lists: "",
            candidates: "district,code,list,name_fa,name_en,veteran,degree_rank\n\
                         V,1,,a,A,no,3\nV,2,,b,B,yes,1\nV,3,,c,C,no,5\nV,4,,d,D,no,2\n",
            ballots: "V,1,4\nV,2,4\nV,3,4\nV,4,9",
        }
        .seal()
    };
    let (code, found) = village("").district(&[]);
    assert_eq!((code, &found["lots"][0]["between"]), (3, &json!([1, 2, 3])));
    let sealed = village("tie_persons = \"old_order\"");
    let (code, found) = sealed.district(&[]);
    assert_eq!((code, &found["elected"], &found["alternates"]), (0, &json!([4, 2]), &json!([3])));
    let (code, _) = sealed.district(&["--option", "tie_persons=lot_required"]);
    assert_eq!(code, 3, "an option of the call goes before that of the election");
}

#[test]
fn votes_of_who_no_longer_stands_are_excluded_or_kept_for_the_list() {
    let sealed = Election {
        contests: "[[contest]]\nid = \"t\"\nrule = \"article-24\"\n",
        districts: &format!("{DISTRICTS}T,t,تهران,Tehran,23,,3,2\n"),
        lists: "T,40,الف,Alef\nT,50,ب,Be\n",
        candidates: "district,code,list,name_fa,name_en,status\n\
                     T,101,40,a,A1,withdrawn\nT,102,40,a,A2,\nT,103,40,a,A3,\n\
                     T,201,50,b,B1,\nT,202,50,b,B2,\nT,203,50,b,B3,\n",
        ballots: "T,40,4\nT,101,7\nT,50,4\nT,201 202,2\nT,202,1",
    }
    .seal();
    // 40: 11 + 4 + 4 = 19 with the withdrawn, 8 without; 50: 6 + 7 + 4 = 17.
    // 19 of 36: 1.58 and 1.42 -> 2-1; 8 of 25: 0.96 and 2.04 -> 1-2.
    let groups = |more: &[&str]| {
        let (_, found) = sealed.district(more);
        let seats = |at: usize| found["groups"][at]["seats"].as_u64().unwrap();
        let votes = |at: usize| found["groups"][at]["votes"].as_u64().unwrap();
        ([votes(0), votes(1)], [seats(0), seats(1)])
    };
    assert_eq!(groups(&[]), ([8, 17], [1, 2]));
    assert_eq!(groups(&["--option", "withdrawn_member=keep"]), ([19, 17], [2, 1]));
    let (_, found) = sealed.district(&["--option", "withdrawn_member=keep"]);
    assert!(
        !found["elected"].as_array().unwrap().contains(&json!(101)),
        "nobody elects the absent"
    );
}

#[test]
fn rules_are_listed_with_options_articles_and_tables() {
    let (code, stdout, _) = kit::run(["rules"]);
    assert_eq!(code, 0);
    for name in ["two-round", "imperiali-quota", "cz-municipal", "b-no-seal", "2,000,000"] {
        assert!(stdout.contains(name), "{name}");
    }
    let (code, stdout, _) = kit::run(["rules", "article-24"]);
    assert_eq!(code, 0);
    assert!(stdout.contains("A4 excess = remove_smallest_rounded_up_fraction"));
    let (code, _, stderr) = kit::run(["rules", "article-25"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("article-25") && stderr.contains("article-24"));
    // Every option and value of article 24 is in the document of the law.
    let law = std::fs::read_to_string(kit::workspace().join("docs/law.md")).unwrap();
    let (_, stdout, _) = kit::run(["rules", "article-24", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    for option in document["rules"][0]["options"].as_array().unwrap() {
        let name = option["name"].as_str().unwrap();
        assert!(law.contains(&format!("`{name}`")) || name == "zero_votes", "{name} in law.md");
        for value in option["values"].as_array().unwrap() {
            let value = value.as_str().unwrap();
            let is_named = law.contains(&format!("`{value}`"));
            assert!(value.starts_with('<') || is_named || name == "zero_votes", "{name}={value}");
        }
    }
}
