//! How far a result may be relied on: one word, beside every number that leaves the house.
//!
//! In: a board. Out: the status of the whole, a province, a district. Never: "complete" where
//! nobody has said what would be complete; "certified" beside a name that was not declared.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::progress::Progress;

/// How far a result may be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicationStatus {
    /// An official election before its signed close: there is no number per option.
    BeforeClose,
    /// Not everything is in, or nobody has said what everything is.
    UnofficialPartial,
    /// Everything that is expected is in; no officer has declared it.
    UnofficialComplete,
    /// An officer has declared just what is counted, and nothing moved since.
    Certified,
}

impl PublicationStatus {
    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforeClose => "before-close",
            Self::UnofficialPartial => "unofficial-partial",
            Self::UnofficialComplete => "unofficial-complete",
            Self::Certified => "certified",
        }
    }
}

impl Board {
    /// Of all districts together.
    #[must_use]
    pub fn status(&self) -> PublicationStatus {
        self.status_of((0..).take(self.districts.len()))
    }

    /// Of one district.
    #[must_use]
    pub fn district_status(&self, district: u32) -> PublicationStatus {
        if self.public().is_none() {
            PublicationStatus::BeforeClose
        } else if self.declared.contains(&district) {
            PublicationStatus::Certified
        } else if self.is_waited_for(district) {
            PublicationStatus::UnofficialPartial
        } else {
            PublicationStatus::UnofficialComplete
        }
    }

    /// Of a county: of its districts, and of all that its stations report. A county may have none
    /// of its own, and its ballots are those of a district that it shares.
    #[must_use]
    pub fn county_status(&self, county: u32) -> PublicationStatus {
        self.status_of(self.setting.places.counties[county as usize].reported.iter().copied())
    }

    /// Of a province, in the same way.
    #[must_use]
    pub fn province_status(&self, province: u32) -> PublicationStatus {
        self.status_of(self.districts_of_province(province))
    }

    fn districts_of_province(&self, province: u32) -> impl Iterator<Item = u32> {
        let places = &self.setting.places;
        let province = &places.provinces[province as usize];
        let counties = province.counties.iter();
        let of_counties =
            counties.flat_map(|county| places.counties[*county as usize].reported.iter().copied());
        of_counties.chain(province.districts.iter().copied())
    }

    /// Whether everything is in.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.is_place_finished(&self.progress.nation, (0..).take(self.districts.len()))
    }

    /// Whether everything of a province is in.
    #[must_use]
    pub fn is_province_finished(&self, province: u32) -> bool {
        let progress = &self.progress.provinces[province as usize];
        self.is_place_finished(progress, self.districts_of_province(province))
    }

    /// Whether everything of a county is in. Its stations may report what belongs to the province
    /// alone.
    #[must_use]
    pub fn is_county_finished(&self, county: u32) -> bool {
        let places = &self.setting.places;
        let own = &places.counties[county as usize];
        let shared = &places.provinces[own.province as usize].districts;
        let districts = own.reported.iter().chain(shared).copied();
        self.is_place_finished(&self.progress.counties[county as usize], districts)
    }

    /// Whether all stations of a place are in, and where nobody has said what each reports, no
    /// district is waited for: a station that sent one of two looks like one that has one.
    fn is_place_finished(
        &self,
        progress: &Progress,
        districts: impl IntoIterator<Item = u32>,
    ) -> bool {
        let is_said = self.setting.subject.election.serves.is_some();
        let mut districts = districts.into_iter();
        progress.has_all_stations_in()
            && (is_said || !districts.any(|district| self.is_waited_for(district)))
    }

    /// Of several districts: that of the one which can be relied on least; of none, where nothing
    /// is expected, complete, if there are results at all.
    #[must_use]
    pub fn status_of(&self, districts: impl IntoIterator<Item = u32>) -> PublicationStatus {
        let all = districts.into_iter().map(|district| self.district_status(district));
        let none = match self.public() {
            None => PublicationStatus::BeforeClose,
            Some(_) if self.setting.subject.election.serves.is_none() => {
                PublicationStatus::UnofficialPartial
            }
            Some(_) => PublicationStatus::UnofficialComplete,
        };
        all.min().unwrap_or(none)
    }
}
