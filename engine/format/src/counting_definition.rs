//! The definition as counting needs it: numbers alone, read in place from the compiled file.
//!
//! In: the bytes of `definition.shomar` (mapped, or compiled in memory). Out: shapes, codes, ids.
//! Never: a name or a title; nothing here is copied, whatever the size of the nation.

use rkyv::rend::{u16_le, u32_le, u64_le};
use rkyv::{Archive, Serialize};

use crate::bytes::{self, Digest32, array_at, u64_at};
use crate::canonical::DistrictShape;
use crate::checksum::checksum_with_hole;
use crate::fault::Fault;
use crate::layout::{FORMAT_VERSION, definition as at};
use crate::{OptionIndex, UNKNOWN_OPTION, record};

/// The flat arrays of the compiled definition. D districts, S stations, O options in all.
#[derive(Archive, Serialize, Debug, Default)]
#[rkyv(attr(allow(missing_docs, reason = "the fields are those of CountingPayload")))]
pub struct CountingPayload {
    /// D: index of the contest.
    pub district_contest: Vec<u32>,
    /// D: seats.
    pub district_seats: Vec<u32>,
    /// D: alternates.
    pub district_alternates: Vec<u32>,
    /// D: lists; they are the first options of the district.
    pub district_list_count: Vec<u32>,
    /// D + 1: where the options of a district begin among all options.
    pub option_start: Vec<u32>,
    /// O: code.
    pub option_code: Vec<u32>,
    /// O: index of the candidate's list in its district, 65,535 for lists and independents.
    pub option_list: Vec<u16>,
    /// S: devices.
    pub station_devices: Vec<u32>,
    /// D + S: where the id of a district, then of a station, ends in `id_bytes`.
    pub id_end: Vec<u32>,
    /// All ids one after another, UTF-8.
    pub id_bytes: Vec<u8>,
    /// 1 if the folder has a `serves.csv`.
    pub serves_given: u32,
    /// Pairs that are expected to report, as [`serve_key`], ascending.
    pub serve_keys: Vec<u64>,
}

/// A pair of station and district as one number.
#[must_use]
#[inline]
pub fn serve_key(station: u32, district: u32) -> u64 {
    u64::from(station) << 32 | u64::from(district)
}

/// A checked view of a compiled definition.
#[derive(Clone, Copy, Debug)]
pub struct CountingDefinition<'a> {
    digest: &'a Digest32,
    sources: Digest32,
    names: Digest32,
    contest: &'a [u32_le],
    seats: &'a [u32_le],
    alternates: &'a [u32_le],
    list_count: &'a [u32_le],
    option_start: &'a [u32_le],
    option_code: &'a [u32_le],
    option_list: &'a [u16_le],
    station_devices: &'a [u32_le],
    id_end: &'a [u32_le],
    id_text: &'a str,
    serve_keys: Option<&'a [u64_le]>,
}

impl<'a> CountingDefinition<'a> {
    /// Checks the bytes of a compiled definition, aligned to 16.
    ///
    /// # Errors
    /// If they are foreign, newer, damaged, or arrays disagree.
    pub fn open(file: &'a [u8]) -> Result<Self, Fault> {
        if file.len() < at::HEADER_BYTES {
            let found = format!("{} bytes", file.len());
            return Err(Fault::new(0, "compiled definition", found, "at least 128 bytes"));
        }
        let magic: [u8; 8] = array_at(file, at::MAGIC_OFFSET);
        if magic != at::MAGIC {
            let found = bytes::preview(&magic);
            return Err(Fault::new(0, "magic of the compiled definition", found, "'SHOMARDF'"));
        }
        record::check_version(file, at::VERSION_OFFSET, FORMAT_VERSION)?;
        if let Some(offset) =
            bytes::first_nonzero(&file[at::RESERVED_OFFSET..at::PAYLOAD_LENGTH_OFFSET])
        {
            let offset = at::RESERVED_OFFSET + offset;
            return Err(Fault::new(offset, "reserved bytes", file[offset], "zeros"));
        }
        let (found, expected) =
            (u64_at(file, at::CHECKSUM_OFFSET), checksum_with_hole(file, at::CHECKSUM_OFFSET));
        if found != expected {
            return Err(Fault::new(
                at::CHECKSUM_OFFSET,
                "checksum of the compiled definition",
                format!("{found:016x}"),
                format!("{expected:016x}"),
            ));
        }
        let length = u64_at(file, at::PAYLOAD_LENGTH_OFFSET);
        let payload = &file[at::HEADER_BYTES..];
        if length != payload.len() as u64 {
            let offset = at::PAYLOAD_LENGTH_OFFSET;
            return Err(Fault::new(offset, "payload length", length, payload.len()));
        }
        let archived = rkyv::access::<ArchivedCountingPayload, rkyv::rancor::Error>(payload)
            .map_err(|error| {
                let found = error.to_string().replace('\n', " ");
                Fault::new(at::HEADER_BYTES, "compiled definition", found, "flat arrays")
            })?;
        let digest = file[at::DIGEST_OFFSET..][..32].try_into().expect("the slice has 32 bytes");
        let halves = [at::SOURCES_OFFSET, at::NAMES_OFFSET].map(|offset| array_at(file, offset));
        Self::from_arrays(digest, halves, archived).ok_or_else(|| {
            let expected = "arrays that agree with each other";
            Fault::new(at::HEADER_BYTES, "compiled definition", "contradictions", expected)
        })
    }

    /// `None` if the arrays disagree; after this no method can reach outside them.
    fn from_arrays(
        digest: &'a Digest32,
        [sources, names]: [Digest32; 2],
        arrays: &'a ArchivedCountingPayload,
    ) -> Option<Self> {
        let districts = arrays.district_contest.len();
        let options = arrays.option_code.len();
        let ascending = |ends: &[u32_le]| ends.is_sorted_by_key(|end| end.to_native());
        let sound = arrays.district_seats.len() == districts
            && arrays.district_alternates.len() == districts
            && arrays.district_list_count.len() == districts
            && arrays.option_start.len() == districts + 1
            && arrays.option_list.len() == options
            && arrays.option_start.first().is_some_and(|start| start.to_native() == 0)
            && arrays.option_start.last().is_some_and(|end| end.to_native() as usize == options)
            && ascending(&arrays.option_start)
            && arrays.id_end.len() == districts + arrays.station_devices.len()
            && ascending(&arrays.id_end)
            && arrays.id_end.last().map_or(0, |end| end.to_native() as usize)
                == arrays.id_bytes.len()
            && u32::try_from(arrays.id_end.len()).is_ok();
        let id_text = std::str::from_utf8(&arrays.id_bytes).ok()?;
        let definition = Self {
            digest,
            sources,
            names,
            contest: &arrays.district_contest,
            seats: &arrays.district_seats,
            alternates: &arrays.district_alternates,
            list_count: &arrays.district_list_count,
            option_start: &arrays.option_start,
            option_code: &arrays.option_code,
            option_list: &arrays.option_list,
            station_devices: &arrays.station_devices,
            id_end: &arrays.id_end,
            id_text,
            serve_keys: (arrays.serves_given.to_native() == 1).then_some(&*arrays.serve_keys),
        };
        let serves = &arrays.serve_keys;
        let (stations, districts) = (arrays.station_devices.len() as u64, districts as u64);
        let serves_sound = arrays.serves_given.to_native() <= 1
            && serves.is_sorted_by(|a, b| a.to_native() < b.to_native())
            && serves.iter().all(|key| {
                let key = key.to_native();
                key >> 32 < stations && key & u64::from(u32::MAX) < districts
            });
        (sound && serves_sound && definition.districts_agree()).then_some(definition)
    }

    fn districts_agree(&self) -> bool {
        let ids_are_text =
            self.id_end.iter().all(|end| self.id_text.is_char_boundary(end.to_native() as usize));
        ids_are_text
            && (0..self.district_count()).all(|district| {
                let shape = self.shape(district);
                let lists = self.option_lists(district);
                shape.list_count <= shape.option_count
                    && (1..=crate::limits::SEATS_MAX).contains(&shape.seats)
                    && self.alternates(district) <= crate::limits::SEATS_MAX
                    && shape.option_count as usize <= crate::limits::DISTRICT_OPTIONS_MAX
                    && lists.iter().enumerate().all(|(option, list)| {
                        let list = list.to_native();
                        list == UNKNOWN_OPTION
                            || option >= shape.list_count as usize
                                && u32::from(list) < shape.list_count
                    })
            })
    }

    /// The definition digest, which every batch carries.
    #[must_use]
    #[inline]
    pub fn digest(&self) -> &'a Digest32 {
        self.digest
    }

    /// The digest of the text from which this was compiled.
    #[must_use]
    pub fn sources(&self) -> &Digest32 {
        &self.sources
    }

    /// The digest of the names text, as the file says.
    #[must_use]
    pub fn names(&self) -> &Digest32 {
        &self.names
    }

    /// Districts.
    #[must_use]
    #[inline]
    pub fn district_count(&self) -> u32 {
        u32::try_from(self.contest.len()).expect("checked when opened")
    }

    /// Stations.
    #[must_use]
    #[inline]
    pub fn station_count(&self) -> u32 {
        u32::try_from(self.station_devices.len()).expect("checked when opened")
    }

    /// Devices of a station.
    #[must_use]
    #[inline]
    pub fn device_count(&self, station: u32) -> u32 {
        self.station_devices[station as usize].to_native()
    }

    /// What canonicalising and counting must know of a district.
    #[must_use]
    #[inline]
    pub fn shape(&self, district: u32) -> DistrictShape {
        let at = district as usize;
        let (start, end) =
            (self.option_start[at].to_native(), self.option_start[at + 1].to_native());
        DistrictShape {
            option_count: end - start,
            list_count: self.list_count[at].to_native(),
            seats: self.seats[at].to_native(),
        }
    }

    /// Index of the contest of a district.
    #[must_use]
    #[inline]
    pub fn contest(&self, district: u32) -> u32 {
        self.contest[district as usize].to_native()
    }

    /// Alternates to name in a district.
    #[must_use]
    #[inline]
    pub fn alternates(&self, district: u32) -> u32 {
        self.alternates[district as usize].to_native()
    }

    /// Options of all districts together.
    #[must_use]
    pub fn option_total(&self) -> usize {
        self.option_code.len()
    }

    /// Where the options of a district stand among all options.
    #[must_use]
    #[inline]
    pub fn option_range(&self, district: u32) -> std::ops::Range<usize> {
        let at = district as usize;
        self.option_start[at].to_native() as usize..self.option_start[at + 1].to_native() as usize
    }

    /// Codes of the options of a district, in index order.
    #[must_use]
    pub fn option_codes(&self, district: u32) -> &'a [u32_le] {
        &self.option_code[self.option_range(district)]
    }

    /// List of each option of a district ([`UNKNOWN_OPTION`] for none), in index order.
    #[must_use]
    pub fn option_lists(&self, district: u32) -> &'a [u16_le] {
        &self.option_list[self.option_range(district)]
    }

    /// The list of an option, if it is a candidate on one.
    #[must_use]
    pub fn list_of(&self, district: u32, option: OptionIndex) -> Option<OptionIndex> {
        let list = self.option_lists(district)[usize::from(option)].to_native();
        (list != UNKNOWN_OPTION).then_some(list)
    }

    /// Id of a district.
    #[must_use]
    pub fn district_id(&self, district: u32) -> &'a str {
        self.id(district as usize)
    }

    /// Id of a station.
    #[must_use]
    pub fn station_id(&self, station: u32) -> &'a str {
        self.id(self.contest.len() + station as usize)
    }

    fn id(&self, at: usize) -> &'a str {
        let start = if at == 0 { 0 } else { self.id_end[at - 1].to_native() as usize };
        &self.id_text[start..self.id_end[at].to_native() as usize]
    }

    /// The index of a district by its id.
    #[must_use]
    pub fn find_district(&self, id: &str) -> Option<u32> {
        (0..self.district_count()).find(|&district| self.district_id(district) == id)
    }

    /// The index of a station by its id.
    #[must_use]
    pub fn find_station(&self, id: &str) -> Option<u32> {
        (0..self.station_count()).find(|&station| self.station_id(station) == id)
    }

    /// Whether `serves.csv` expects this station to report this district; `None` without that file.
    #[must_use]
    pub fn serves(&self, station: u32, district: u32) -> Option<bool> {
        let key = serve_key(station, district);
        let keys = self.serve_keys?;
        Some(keys.binary_search_by_key(&key, |key| key.to_native()).is_ok())
    }

    /// The pairs of `serves.csv` as [`serve_key`], ascending; `None` without that file.
    #[must_use]
    #[inline]
    pub fn serve_keys(&self) -> Option<&'a [u64_le]> {
        self.serve_keys
    }

    /// Pairs that are expected to report, as (station, district); `None` without `serves.csv`.
    pub fn served_pairs(&self) -> Option<impl ExactSizeIterator<Item = (u32, u32)> + use<'a>> {
        Some(self.serve_keys?.iter().map(|key| {
            let key = key.to_native();
            let half = |half: u64| u32::try_from(half).expect("half of 64 bits");
            (half(key >> 32), half(key & u64::from(u32::MAX)))
        }))
    }
}
