//! A small signed nation in a folder, as `shomar generate --signed` would write it.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use shomar_format::bytes::{Digest32, hex};
use shomar_format::election::Mode;
use shomar_format::record::{NO_PREVIOUS, SecretKey};
use shomar_format::{BatchAddress, Canonicaliser, Election, SealedBatch};
use shomar_store::SegmentWriter;

use crate::{FaultScript, Options, Plan, Report, Target, TlsFiles, run};

/// How the nation is made.
#[derive(Clone, Copy)]
pub(crate) struct Recipe {
    pub(crate) stations: u32,
    pub(crate) batches_each: u32,
    pub(crate) signed: bool,
    pub(crate) mode: Mode,
    /// The batches of a station stand in the segment with the last one first.
    pub(crate) reversed: bool,
}

impl Default for Recipe {
    fn default() -> Self {
        Self { stations: 8, batches_each: 5, signed: true, mode: Mode::Test, reversed: false }
    }
}

/// The nation in its folder.
pub(crate) struct Nation {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) plan: Arc<Plan>,
}

pub(crate) fn secret(station: u32) -> Digest32 {
    let mut seed = [9; 32];
    seed[..4].copy_from_slice(&station.to_le_bytes());
    seed
}

impl Recipe {
    pub(crate) fn nation(self) -> Nation {
        let folder = tempfile::tempdir().unwrap();
        self.write(folder.path());
        let plan = Arc::new(Plan::read(folder.path()).unwrap());
        Nation { folder, plan }
    }

    pub(crate) fn write(self, folder: &Path) {
        let Self { stations, batches_each, signed, mode, reversed } = self;
        let election = folder.join("election");
        std::fs::create_dir(&election).unwrap();
        let put = |name: &str, text: &str| std::fs::write(election.join(name), text).unwrap();
        let head = format!(
            "id = \"replayed\"\ntitle_fa = \"آ\"\ntitle_en = \"A\"\nmode = \"{}\"\n\
             [[contest]]\nid = \"c\"\nrule = \"block-plurality\"\n",
            mode.name()
        );
        put("election.toml", &head);
        put(
            "districts.csv",
            "district,contest,name_fa,name_en,province,county,seats,alternates\n\
             one,c,آ,A,p,q,2,0\ntwo,c,آ,A,p,q,2,0\n",
        );
        put(
            "candidates.csv",
            "district,code,list,name_fa,name_en\none,1,,آ,A\none,2,,آ,A\ntwo,1,,آ,A\ntwo,2,,آ,A\n",
        );
        let mut table = "station,province,county,name_fa,registered,authenticated,key\n".to_owned();
        let mut secrets = "station,device,secret\n".to_owned();
        for station in 0..stations {
            let public = hex(&SecretKey::from_seed(&secret(station)).public());
            let public = if signed { public } else { String::new() };
            writeln!(table, "S{station},p,q,آ,,,{public}").unwrap();
            writeln!(secrets, "S{station},0,{}", hex(&secret(station))).unwrap();
        }
        put("stations.csv", &table);
        if signed {
            std::fs::write(folder.join("secret-keys.csv"), secrets).unwrap();
        }
        let (read, _) = Election::read(&election).unwrap();
        let definition = read.definition_digest();
        let mut previous = vec![NO_PREVIOUS; stations as usize];
        let mut votes = [0_u64; 2];
        let mut sealed = Vec::new();
        // Stations take turns: the arrival of one is spread over that of all.
        for sequence in 0..batches_each {
            for station in 0..stations {
                let district = sequence % 2;
                let mut canonicaliser =
                    Canonicaliser::new(read.districts[district as usize].shape());
                canonicaliser.add(&[0], 2 + station % 7);
                canonicaliser.add(&[], 1);
                let address =
                    BatchAddress { district, station, device: 0, sequence: u64::from(sequence) };
                let batches = canonicaliser.finish();
                let mut batch = SealedBatch::seal(&definition, address, &batches[0]);
                if signed {
                    let key = SecretKey::from_seed(&secret(station));
                    batch.sign(&key, mode, &previous[station as usize]);
                    previous[station as usize] = batch.hash();
                }
                votes[district as usize] += u64::from(2 + station % 7);
                sealed.push(batch);
            }
        }
        if reversed {
            sealed.reverse();
        }
        let mut writer = SegmentWriter::new(folder, definition).with_segment_bytes_max(4_000);
        for batch in &sealed {
            writer.append(batch.bytes()).unwrap();
        }
        writer.finish().unwrap();
        let blanks = |district: u32| {
            let batches = (batches_each + 1 - district) / 2;
            u64::from(stations) * u64::from(batches)
        };
        let ballots = |valid: u64, void: u64| {
            let taken = valid + void;
            json!({"taken": taken, "valid": valid, "void": void, "blank": void})
        };
        let districts: Vec<Value> = (0..2_u32)
            .map(|district| {
                let (valid, void) = (votes[district as usize], blanks(district));
                let candidate = |code: u32, votes: u64| {
                    json!({"code": code, "list": null,
                        "direct": votes, "via_list": 0, "votes": votes})
                };
                let id = ["one", "two"][district as usize];
                json!({"district": id, "ballots": ballots(valid, void),
                    "lists": [], "candidates": [candidate(1, valid), candidate(2, 0)]})
            })
            .collect();
        let void = blanks(0) + blanks(1);
        let answer = json!({"election": "replayed", "mode": mode.name(), "reading": {},
            "ballots": ballots(votes[0] + votes[1], void), "districts": districts});
        let text = serde_json::to_vec(&answer).unwrap();
        std::fs::write(folder.join("expected.json"), text).unwrap();
    }
}

/// Options for a test: quick to give up, two threads.
pub(crate) fn options(address: std::net::SocketAddr) -> Options {
    let mut options =
        Options::new(Target::new(&format!("http://{address}"), TlsFiles::default()).unwrap());
    options.threads = Some(2);
    options.give_up = std::time::Duration::from_secs(20);
    options
}

/// A script from text, through a file.
pub(crate) fn script(text: &str) -> FaultScript {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("faults.toml");
    std::fs::write(&path, text).unwrap();
    FaultScript::read(&path).unwrap()
}

/// A run that nobody watches.
pub(crate) fn replayed(nation: &Nation, options: &Options) -> Report {
    run(&nation.plan, options, &|_| {}).unwrap()
}

/// The kinds of the findings of a report.
pub(crate) fn kinds(report: &Report) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.kind.as_str()).collect()
}
