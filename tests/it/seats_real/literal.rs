//! Literals as Python writes them: two of the sets hold their figures so.
//!
//! In: one line, such as `(2019, ["A", "B"], [1, 2+3])  # remark`. Out: the value. Never: a name, a
//! sign, an escape, or anything after the value but a remark; all that is refused.

use std::iter::Peekable;
use std::str::{Chars, FromStr};

use super::whole;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    /// A number as written, or several with a plus between them.
    Sum(Vec<String>),
    /// A text in quotes of either kind.
    Text(String),
    /// A list or a tuple.
    List(Vec<Literal>),
}

impl Literal {
    /// The value of a line.
    pub(super) fn parse(line: &str) -> Literal {
        Literal::read(line).unwrap_or_else(|| panic!("{line:?}: not one literal"))
    }

    fn read(line: &str) -> Option<Literal> {
        let mut rest = line.chars().peekable();
        let value = value(&mut rest)?;
        let after: String = rest.collect();
        let after = after.trim_start();
        (after.is_empty() || after.starts_with('#')).then_some(value)
    }

    pub(super) fn list(&self) -> &[Literal] {
        match self {
            Literal::List(values) => values,
            other => panic!("expected a list, found {other:?}"),
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Literal::Text(text) => text,
            other => panic!("expected a text, found {other:?}"),
        }
    }

    /// A number as it was written, for those that are no whole ones.
    pub(super) fn number(&self) -> &str {
        match self {
            Literal::Sum(terms) if terms.len() == 1 => &terms[0],
            other => panic!("expected a number, found {other:?}"),
        }
    }

    pub(super) fn whole<T: FromStr>(&self) -> T {
        whole(self.number())
    }

    /// The terms of a sum of whole numbers; a number is its only term.
    pub(super) fn terms<T: FromStr>(&self) -> Vec<T> {
        match self {
            Literal::Sum(terms) => terms.iter().map(|term| whole(term)).collect(),
            other => panic!("expected numbers, found {other:?}"),
        }
    }
}

fn value(rest: &mut Peekable<Chars<'_>>) -> Option<Literal> {
    skip_blanks(rest);
    match rest.peek().copied()? {
        '[' => list(rest, ']'),
        '(' => list(rest, ')'),
        quote @ ('"' | '\'') => text(rest, quote),
        _ => sum(rest),
    }
}

fn list(rest: &mut Peekable<Chars<'_>>, close: char) -> Option<Literal> {
    rest.next();
    let mut values = Vec::new();
    loop {
        skip_blanks(rest);
        if rest.next_if_eq(&close).is_some() {
            return Some(Literal::List(values));
        }
        values.push(value(rest)?);
        skip_blanks(rest);
        if rest.next_if_eq(&',').is_none() && rest.peek() != Some(&close) {
            return None;
        }
    }
}

fn text(rest: &mut Peekable<Chars<'_>>, quote: char) -> Option<Literal> {
    rest.next();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '\\' => return None,
            next if next == quote => return Some(Literal::Text(text)),
            next => text.push(next),
        }
    }
}

fn sum(rest: &mut Peekable<Chars<'_>>) -> Option<Literal> {
    let mut terms = Vec::new();
    loop {
        let mut number = String::new();
        while let Some(next) = rest.next_if(|next| next.is_ascii_digit() || *next == '.') {
            number.push(next);
        }
        if number.is_empty() {
            return None;
        }
        terms.push(number);
        if rest.next_if_eq(&'+').is_none() {
            return Some(Literal::Sum(terms));
        }
    }
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if_eq(&' ').is_some() {}
}

#[test]
fn literals_are_read_as_python_reads_them() {
    let line = "(2008, ['LINKE', \"Israel's Left\"], [1+22, 3,], 0.0325)  # LINKE is there twice";
    let read = Literal::parse(line);
    let [year, names, votes, bar] = read.list() else { panic!("{read:?}") };
    assert_eq!(year.whole::<u32>(), 2008);
    assert_eq!(names.list()[1].text(), "Israel's Left");
    assert_eq!(votes.list()[0].terms::<u64>(), [1, 22]);
    assert_eq!(votes.list()[1].terms::<u64>(), [3]);
    assert_eq!(bar.number(), "0.0325");
    for wrong in ["[1 2]", "[1", "[1)", "'a", "1 2", "1+", "None", "-1", "['a\\n']", "[,]", ""] {
        assert_eq!(Literal::read(wrong), None, "{wrong:?}");
    }
}
