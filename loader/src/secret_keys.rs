//! The secret keys of devices, as people keep them in a file.
//!
//! In: an election and the text of a key file: one key in 64 hexadecimal digits, or a table
//! `station,device,secret`. Out: the key of each device, each held against the public key that the
//! election has for it. Never: a key that the election does not know, a secret in a message.

use std::collections::HashMap;

use shomar_format::Election;
use shomar_format::bytes::{Digest32, digest_from_hex, hex};
use shomar_format::record::{SecretKey, is_sound_key};
use shomar_format::table::{Problem, read_table};

/// Station index, and number of the device inside its station.
type DeviceNumber = (u32, u32);

/// What was found, and what was expected.
type Wrong = (String, String);

/// Secret keys by device.
#[derive(Debug, Default)]
pub struct SecretKeys {
    seeds: HashMap<DeviceNumber, Digest32>,
}

impl SecretKeys {
    /// Reads a key file; `name` is how messages call it.
    ///
    /// # Errors
    /// Every problem of the file.
    pub fn read(name: &str, text: &[u8], election: &Election) -> Result<Self, Vec<Problem>> {
        let problem =
            |line, (found, expected)| Problem { file: name.to_owned(), line, found, expected };
        let one = std::str::from_utf8(text).ok().map(str::trim);
        if let Some(seed) = one.and_then(digest_from_hex) {
            return Self::of_one(&seed, election).map_err(|wrong| vec![problem(1, wrong)]);
        }
        let mut problems = Vec::new();
        let mut seeds = HashMap::new();
        let stations: HashMap<&str, u32> =
            election.stations.iter().map(|station| station.id.as_str()).zip(0..).collect();
        let columns = ["station", "device", "secret"];
        read_table(name, text, &columns, &[], &mut problems, |row, problems| {
            let fields = [0, 1, 2].map(|column| row.field(column));
            let read = read_row(fields, election, &stations).and_then(|(device, seed)| match seeds
                .insert(device, seed)
            {
                None => Ok(()),
                Some(_) => Err(("the device twice".to_owned(), "each device once".to_owned())),
            });
            problems.extend(read.err().map(|wrong| problem(row.line, wrong)));
        });
        if problems.is_empty() { Ok(Self { seeds }) } else { Err(problems) }
    }

    /// The key of every device that has this one: nearly always one device.
    fn of_one(seed: &Digest32, election: &Election) -> Result<Self, Wrong> {
        let public = SecretKey::from_seed(seed).public();
        let stations = (0..).zip(&election.stations);
        let devices = stations.flat_map(|(station, place)| {
            (0..).zip(&place.devices).map(move |(device, entry)| ((station, device), entry.key))
        });
        let own = devices.filter(|(_, key)| *key == Some(public));
        let seeds: HashMap<_, _> = own.map(|(device, _)| (device, *seed)).collect();
        if seeds.is_empty() {
            let found = format!("the secret key of {}, which no device has", hex(&public));
            return Err((found, "that of a key in stations.csv or devices.csv".to_owned()));
        }
        Ok(Self { seeds })
    }

    /// The key of a device, if the file has it.
    #[must_use]
    pub fn of(&self, station: u32, device: u32) -> Option<SecretKey> {
        self.seeds.get(&(station, device)).map(SecretKey::from_seed)
    }
}

fn read_row(
    [station, device, secret]: [&str; 3],
    election: &Election,
    stations: &HashMap<&str, u32>,
) -> Result<(DeviceNumber, Digest32), Wrong> {
    let Some(&number) = stations.get(station) else {
        return Err((format!("the station '{station}'"), "one of stations.csv".to_owned()));
    };
    let devices = &election.stations[number as usize].devices;
    let Some((place, entry)) = (0..).zip(devices).find(|(_, entry)| entry.id == device) else {
        let ids: Vec<&str> = devices.iter().map(|entry| entry.id.as_str()).collect();
        let expected = format!("a device of {station}: {}", ids.join(", "));
        return Err((format!("the device '{device}'"), expected));
    };
    let seed = digest_from_hex(secret).ok_or_else(|| {
        let found = format!("{} characters as the secret key", secret.chars().count());
        (found, "64 hexadecimal digits".to_owned())
    })?;
    let public = SecretKey::from_seed(&seed).public();
    match entry.key {
        Some(key) if key == public => Ok(((number, place), seed)),
        Some(key) if !is_sound_key(&key) => {
            let found = format!("a device whose public key {} is none", hex(&key));
            Err((found, "a point of Ed25519 that is not a weak one".to_owned()))
        }
        Some(key) => {
            let found = format!("the secret key of {}", hex(&public));
            Err((found, format!("that of {}, the key of {station}", hex(&key))))
        }
        None => {
            let found = format!("a secret key for device {device} of {station}, which has no key");
            Err((found, "a device with a key in stations.csv or devices.csv".to_owned()))
        }
    }
}
