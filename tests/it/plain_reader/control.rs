//! Section 4.5 of FORMAT.md, read literally: the text of a control record.
//!
//! In: the payload of a control record. Out: its action and lines, or the first thing that is
//! wrong. Never: a second spelling of a text accepted, or a look at how the engine does it.

use super::segment::{Checked, check};

/// What an officer decided.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) action: String,
    /// The lines of the action: key and fields.
    lines: Vec<(String, Vec<String>)>,
}

impl Control {
    /// The first field of each line with this key.
    pub(super) fn all(&self, key: &str) -> Vec<&str> {
        let lines = self.lines.iter().filter(|(other, _)| other == key);
        lines.map(|(_, fields)| fields[0].as_str()).collect()
    }

    /// The fields of the line with this key, if there is one.
    pub(super) fn fields(&self, key: &str) -> Option<Vec<&str>> {
        let line = self.lines.iter().find(|(other, _)| other == key);
        line.map(|(_, fields)| fields.iter().map(String::as_str).collect())
    }

    pub(super) fn field(&self, key: &str) -> &str {
        self.fields(key).expect("a line that every text of the action has")[0]
    }
}

/// The lines of an action: key, how many fields, how many such lines at least, and at most.
type Lines = &'static [(&'static str, usize, usize, usize)];

const MANY: usize = usize::MAX;

/// What follows the head of a text. A subject is one of three.
fn lines_of(action: &str) -> Option<(Lines, bool)> {
    Some(match action {
        "open" | "close" => (&[], false),
        "annul" => (&[("reason", 1, 1, 1)], true),
        "reinstate" => (&[], true),
        "supersede" => (&[("pair", 2, 1, 1), ("old", 1, 0, MANY), ("new", 1, 1, MANY)], false),
        "release" | "reject" => (&[("batch", 1, 1, 1)], false),
        "lot" => (
            &[
                ("district", 1, 1, 1),
                ("kind", 1, 1, 1),
                ("place", 1, 1, 1),
                ("winner", 1, 1, 1),
                ("between", 1, 1, 1),
                ("drawn_at", 1, 1, 1),
                ("present", 1, 1, 1),
            ],
            false,
        ),
        "declare" => (&[("district", 1, 1, 1), ("elected", 1, 0, MANY)], false),
        _ => return None,
    })
}

const SUBJECTS: Lines = &[("station", 1, 1, 1), ("pair", 2, 1, 1), ("batch", 1, 1, 1)];

pub(super) fn read_control(payload: &[u8]) -> Checked<Control> {
    check(payload.len() <= 1 << 20, "control: too long")?;
    let text = std::str::from_utf8(payload).map_err(|_| "control: UTF-8")?;
    let text = text.strip_suffix('\n').ok_or("control: line end")?;
    let mut lines: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.split('\n') {
        let mut fields: Vec<&str> = line.split('\t').collect();
        check(fields.iter().all(|field| field.len() <= 1_024), "control: long field")?;
        let sound = !line.chars().any(|letter| letter != '\t' && letter.is_control());
        check(sound, "control: control character")?;
        lines.push((fields.remove(0), fields));
    }
    let mut rest = lines.as_slice();
    take(&mut rest, &("shomar-control 1", 0, 1, 1))?;
    let action = take(&mut rest, &("action", 1, 1, 1))?[0].1[0].to_owned();
    take(&mut rest, &("at", 1, 1, 1))?;
    take(&mut rest, &("why", 1, 1, 1))?;
    let own = rest;
    let (pattern, has_subject) = lines_of(&action).ok_or("control: action")?;
    for kind in pattern {
        take(&mut rest, kind)?;
    }
    if has_subject {
        let next = rest.first().map_or("", |(key, _)| key);
        let subject = SUBJECTS.iter().find(|(key, ..)| *key == next);
        take(&mut rest, subject.ok_or("control: lines")?)?;
    }
    check(rest.is_empty(), "control: lines")?;
    let owned = |fields: &Vec<&str>| fields.iter().map(|&field| field.to_owned()).collect();
    let lines = own.iter().map(|(key, fields)| ((*key).to_owned(), owned(fields))).collect();
    Ok(Control { action, lines })
}

/// Takes the lines of a kind, and checks their fields.
fn take<'a, 'b>(
    rest: &mut &'a [(&'b str, Vec<&'b str>)],
    &(key, fields, least, most): &(&str, usize, usize, usize),
) -> Checked<&'a [(&'b str, Vec<&'b str>)]> {
    let number = rest.iter().take_while(|(other, _)| *other == key).count().min(most);
    check(number >= least, "control: lines")?;
    let (taken, others) = rest.split_at(number);
    *rest = others;
    check(taken.iter().all(|(_, own)| own.len() == fields), "control: fields")?;
    for field in taken.iter().flat_map(|(_, own)| own) {
        match key {
            "at" => check(is_number(field, 0, u64::MAX), "control: number")?,
            "place" | "elected" => {
                check(is_number(field, 1, u32::MAX.into()), "control: number")?;
            }
            "old" | "new" | "batch" => check(is_hash(field), "control: hash")?,
            "winner" | "between" | "drawn_at" | "present" => {}
            _ => check(!field.is_empty(), "control: empty")?,
        }
    }
    let ascends = match key {
        // Numbers without leading zeros: the shorter one is the smaller one.
        "elected" => taken.is_sorted_by(|a, b| (a.1[0].len(), a.1[0]) < (b.1[0].len(), b.1[0])),
        "old" | "new" => taken.is_sorted_by(|a, b| a.1[0] < b.1[0]),
        _ => true,
    };
    check(ascends, "control: order")?;
    Ok(taken)
}

fn is_number(text: &str, least: u64, most: u64) -> bool {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let plain = text == "0" || !text.starts_with('0');
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    digits && plain && number.is_some()
}

fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}
