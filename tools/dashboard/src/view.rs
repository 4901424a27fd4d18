//! Views: what a path asks for.
//!
//! In: a path and a query. Out: a view, by which pages are kept and streams are shared; and the
//! path of a view. Never: a view that names what the election does not have.

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode,
};
use shomar_seats::Language;

use shomar_board::setting::Setting;
use shomar_board::stations::StationFilter;
use shomar_board::words::Words;

/// Stations shown on one page.
pub(crate) const STATIONS_SHOWN: usize = 200;
/// Shortest and longest time that a wall screen shows a view, in seconds.
pub(crate) const WALL_SECONDS: (u32, u32) = (5, 600);

/// Views that take turns on a wall screen.
const WALL_VIEWS_MAX: usize = 64;
/// Decisions shown on one page.
pub(crate) const DECISIONS_SHOWN: usize = 100;

/// A page in a language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) words: Words,
    pub(crate) kind: Kind,
    /// Whether somebody without a script wants a page that does not load itself again.
    pub(crate) is_still: bool,
}

/// What a page shows. Places and districts by index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Nation,
    Province(u32),
    County(u32),
    District(u32),
    Stations {
        state: StationFilter,
        province: Option<u32>,
        page: u32,
    },
    Reception,
    Corrections {
        page: u32,
    },
    Search(String),
    /// A form that sets up a wall screen.
    WallSetup,
    /// Views that take turns, and which of them it is now.
    Wall(Wall),
}

/// A wall screen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Wall {
    pub(crate) views: Vec<Kind>,
    /// For each.
    pub(crate) seconds: u32,
    pub(crate) at: usize,
    pub(crate) is_paused: bool,
}

impl View {
    pub(crate) fn new(language: Language, kind: Kind) -> Self {
        Self { words: Words { language }, kind, is_still: false }
    }

    /// The view of a path (without the language) and a query; `None` if there is none.
    pub(crate) fn parse(
        setting: &Setting,
        language: Language,
        path: &str,
        query: &[(String, String)],
    ) -> Option<Self> {
        let value = |key: &str| {
            let found = query.iter().find(|(own, _)| own == key);
            found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
        };
        let page = || {
            let page = value("page").map_or(Some(1), |page| page.parse().ok());
            page.filter(|page| *page > 0)
        };
        let places = &setting.places;
        let index = |text: &str, count: usize| -> Option<u32> {
            let number = text.strip_suffix('/').unwrap_or(text).parse();
            number.ok().filter(|index| (*index as usize) < count)
        };
        let province = |text: &str| index(text, places.provinces.len());
        // An id is whatever stands behind, be there a `/` in it.
        let (first, rest) = first_part(path);
        let kind = match (first, rest) {
            ("", "") => Kind::Nation,
            ("province", at) => Kind::Province(province(at)?),
            ("county", at) => Kind::County(index(at, places.counties.len())?),
            ("district", id) => Kind::District(setting.district_of_address(id)?),
            ("stations", "") => Kind::Stations {
                state: match value("state") {
                    None => StationFilter::Missing,
                    Some(name) => StationFilter::find(name)?,
                },
                province: match value("province") {
                    None => None,
                    Some(at) => Some(province(at)?),
                },
                page: page()?,
            },
            ("reception", "") => Kind::Reception,
            ("corrections", "") => Kind::Corrections { page: page()? },
            ("search", "") => Kind::Search(value("q").unwrap_or("").to_owned()),
            ("wall", "") => {
                // As they stand in the form: a path and perhaps a query, both encoded.
                let parse = |own: &str| {
                    let (path, query) = own.split_once('?').unwrap_or((own, ""));
                    let path = percent_decode_str(path).decode_utf8().ok()?;
                    // No wall in a wall, which would have one in it as well and so on; nor a
                    // search, which has no live numbers and a queue of its own.
                    if matches!(first_part(&path).0, "wall" | "search") {
                        return None;
                    }
                    let query: Vec<(String, String)> =
                        form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                    Some(Self::parse(setting, language, &path, &query)?.kind)
                };
                let views = query.iter().filter(|(key, _)| key == "views");
                let views = views.flat_map(|(_, paths)| paths.split(',')).filter_map(parse);
                let views: Vec<Kind> = views.take(WALL_VIEWS_MAX).collect();
                let number =
                    |key| value(key).map_or(Some(None), |text| text.parse().ok().map(Some));
                let seconds: u32 = number("seconds")?.unwrap_or(15);
                let at: u32 = number("at")?.unwrap_or(0);
                match views.len() {
                    0 => Kind::WallSetup,
                    count => Kind::Wall(Wall {
                        views,
                        seconds: seconds.clamp(WALL_SECONDS.0, WALL_SECONDS.1),
                        at: at as usize % count,
                        is_paused: value("paused").is_some(),
                    }),
                }
            }
            _ => return None,
        };
        let is_still = value("still").is_some();
        Some(Self { is_still, ..Self::new(language, kind) })
    }

    /// The path of this view.
    pub(crate) fn path(&self, setting: &Setting) -> String {
        let mut path = format!("/{}{}", self.words.code(), self.kind.path(setting));
        if self.is_still {
            path.push_str(if path.contains('?') { "&still=1" } else { "?still=1" });
        }
        path
    }

    /// The view whose numbers move while somebody looks at this one.
    pub(crate) fn streamed(&self) -> Option<Self> {
        match &self.kind {
            Kind::Search(_) | Kind::WallSetup => None,
            Kind::Wall(wall) => Some(Self::new(self.words.language, wall.views[wall.at].clone())),
            kind => Some(Self::new(self.words.language, kind.clone())),
        }
    }
}

impl Kind {
    /// The path without the language.
    pub(crate) fn path(&self, setting: &Setting) -> String {
        match self {
            Self::Nation => "/".to_owned(),
            Self::Province(at) => format!("/province/{at}"),
            Self::County(at) => format!("/county/{at}"),
            Self::District(at) => format!("/district/{}", encoded(&setting.district(*at).id)),
            Self::Stations { state, province, page } => {
                let mut path = format!("/stations?state={}", state.name());
                if let Some(province) = province {
                    path.push_str(&format!("&province={province}"));
                }
                if *page > 1 {
                    path.push_str(&format!("&page={page}"));
                }
                path
            }
            Self::Reception => "/reception".to_owned(),
            Self::Corrections { page: 1 } => "/corrections".to_owned(),
            Self::Corrections { page } => format!("/corrections?page={page}"),
            Self::Search(query) => format!("/search?q={}", encoded(query)),
            Self::WallSetup => "/wall".to_owned(),
            Self::Wall(Wall { views, seconds, at, is_paused }) => {
                let paths: Vec<String> = views.iter().map(|view| view.path(setting)).collect();
                let paths = paths.join(",");
                let views = encoded(&paths);
                let paused = if *is_paused { "&paused=1" } else { "" };
                format!("/wall?views={views}&seconds={seconds}&at={at}{paused}")
            }
        }
    }
}

/// The first part of a path, and all that stands behind it.
fn first_part(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

/// What stands in a path or a query as it is (RFC 3986: unreserved characters).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A text as part of a path or a query.
pub(crate) fn encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, UNRESERVED)
}
