//! Rust source with everything blanked that is not code, so that a rule can search for words.
//!
//! In: any text, well formed or not. Out: a text of the same lines and columns, where comments are
//! spaces and literals are `LITERAL`. It never fails: on half-written source the rest is taken as
//! one literal or comment, and rustc says the rest.

/// Stands for each character of a literal, quotes and prefix included.
pub(crate) const LITERAL: char = '\u{7f}';

/// Blanks comments and literals, keeping every line break.
pub(crate) fn mask(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut masked = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let (end, blank) = if let Some(end) = comment_end(&chars, at) {
            (end, ' ')
        } else if let Some(end) = literal_end(&chars, at) {
            (end, LITERAL)
        } else {
            masked.push(chars[at]);
            at += 1;
            continue;
        };
        masked.extend(chars[at..end].iter().map(|&c| if c == '\n' { c } else { blank }));
        at = end;
    }
    masked
}

/// Whether the character can be part of a name.
pub(crate) fn is_name_char(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

fn comment_end(chars: &[char], start: usize) -> Option<usize> {
    match (chars[start], chars.get(start + 1)?) {
        ('/', '/') => {
            let line = chars[start..].iter().position(|&c| c == '\n');
            Some(line.map_or(chars.len(), |length| start + length))
        }
        ('/', '*') => Some(block_comment_end(chars, start)),
        _ => None,
    }
}

/// Block comments nest.
fn block_comment_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => depth += 1,
            ('*', '/') => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// The end of the string, byte string, C string, raw string or character that begins here.
fn literal_end(chars: &[char], start: usize) -> Option<usize> {
    let prefix: &[char] = if start > 0 && is_name_char(chars[start - 1]) {
        &[]
    } else {
        let length = chars[start..].iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
        &chars[start..start + length]
    };
    let open = start + prefix.len();
    match prefix {
        [.., 'r'] => raw_string_end(chars, open),
        [] | ['b' | 'c'] => match chars.get(open)? {
            '"' => Some(string_end(chars, open)),
            '\'' => character_end(chars, open),
            _ => None,
        },
        _ => None,
    }
}

fn string_end(chars: &[char], open: usize) -> usize {
    let mut at = open + 1;
    while at < chars.len() {
        match chars[at] {
            '"' => return at + 1,
            '\\' => at += 2,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `None` for a raw name such as `r#type`.
fn raw_string_end(chars: &[char], open: usize) -> Option<usize> {
    let hashes = chars[open..].iter().take_while(|&&c| c == '#').count();
    if chars.get(open + hashes) != Some(&'"') {
        return None;
    }
    let body = open + hashes + 1;
    let close: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
    let length = chars[body..].windows(close.len()).position(|window| window == close);
    Some(length.map_or(chars.len(), |length| body + length + close.len()))
}

/// `None` for a lifetime.
fn character_end(chars: &[char], open: usize) -> Option<usize> {
    if chars.get(open + 1) == Some(&'\\') {
        let from = open + 3;
        let rest = chars.get(from..)?;
        return Some(rest.iter().position(|&c| c == '\'').map_or(chars.len(), |n| from + n + 1));
    }
    (chars.get(open + 2) == Some(&'\'')).then_some(open + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code that is left, with literals as one `~` each.
    fn left_of(source: &str) -> String {
        let masked = mask(source);
        assert_eq!(masked.chars().count(), source.chars().count(), "columns moved: {source}");
        assert_eq!(masked.lines().count(), source.lines().count(), "lines moved: {source}");
        let mut left = String::new();
        for c in masked.chars() {
            match c {
                LITERAL if left.ends_with('~') => {}
                LITERAL => left.push('~'),
                ' ' if left.ends_with(' ') => {}
                other => left.push(other),
            }
        }
        left.trim().to_owned()
    }

    #[test]
    fn comments_are_blanked() {
        assert_eq!(left_of("a // b\nc"), "a \nc");
        assert_eq!(left_of("a /* b /* c */ \"d */ e"), "a e");
        assert_eq!(left_of("a / b"), "a / b");
        assert_eq!(left_of("/* never closed"), "");
    }

    #[test]
    fn literals_are_blanked() {
        assert_eq!(left_of(r#"f("a \" // b", c)"#), "f(~, c)");
        assert_eq!(left_of(r##"f(r#"a " b"#, br"c\", d)"##), "f(~, ~, d)");
        assert_eq!(left_of(r#"f(b"a", c"b", b'c', '"', '\'', '\u{41}')"#), "f(~, ~, ~, ~, ~, ~)");
        assert_eq!(left_of("f(\"never closed"), "f(~");
    }

    #[test]
    fn lifetimes_and_raw_names_are_code() {
        assert_eq!(left_of("fn f<'a>(r#type: &'a str) {}"), "fn f<'a>(r#type: &'a str) {}");
        assert_eq!(left_of("bar + crb"), "bar + crb");
    }
}
