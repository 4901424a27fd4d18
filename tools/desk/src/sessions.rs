//! Sessions: who is logged in, and until when.
//!
//! In: an account, a moment. Out: a token for a cookie and one for forms. Never: a token kept that
//! could be used by whoever reads the memory (their hashes alone are), a session without an end,
//! more sessions than a bound.

use std::collections::HashMap;

use shomar_format::bytes::{Digest32, hex, sha256};
use subtle::ConstantTimeEq;

/// A session of which nothing is heard for so long has ended.
pub const IDLE_MS: u64 = 15 * 60 * 1_000;
/// A session ends after so long in any case.
pub const WHOLE_MS: u64 = 12 * 60 * 60 * 1_000;
/// Sessions at one time.
pub const SESSIONS_MAX: usize = 1_000;
/// Sessions of one account: more than a person has screens for ends the oldest.
pub const SESSIONS_PER_ACCOUNT_MAX: usize = 8;
/// Wrong passwords within a session after which it ends.
const WRONG_MAX: u32 = 5;

/// Somebody who is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Name of the account.
    pub account: String,
    /// Id of its officer.
    pub officer: String,
    /// When it began, in milliseconds since 1970-01-01 UTC.
    pub began_ms: u64,
    /// What every form of this session bears.
    pub form_token: String,
}

/// A session that has just begun.
pub struct Opened {
    /// The value of its cookie: 64 hexadecimal digits.
    pub token: String,
    /// Whose it is.
    pub session: Session,
}

struct Kept {
    session: Session,
    seen_ms: u64,
    wrong: u32,
}

/// All sessions.
#[derive(Default)]
pub struct Sessions {
    /// By the hash of the token.
    kept: HashMap<Digest32, Kept>,
}

fn is_over(kept: &Kept, now_ms: u64) -> bool {
    now_ms.saturating_sub(kept.seen_ms) >= IDLE_MS
        || now_ms.saturating_sub(kept.session.began_ms) >= WHOLE_MS
}

impl Sessions {
    /// Begins a session; `None` if there are too many.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn begin(
        &mut self,
        account: &str,
        officer: &str,
        now_ms: u64,
    ) -> Result<Option<Opened>, getrandom::Error> {
        self.kept.retain(|_, kept| !is_over(kept, now_ms));
        let own = self.kept.iter().filter(|(_, kept)| kept.session.account == account);
        let oldest = own.clone().min_by_key(|(_, kept)| kept.session.began_ms);
        if own.count() >= SESSIONS_PER_ACCOUNT_MAX
            && let Some(oldest) = oldest.map(|(hash, _)| *hash)
        {
            self.kept.remove(&oldest);
        }
        if self.kept.len() >= SESSIONS_MAX {
            return Ok(None);
        }
        let (mut token, mut form_token) = ([0; 32], [0; 32]);
        getrandom::fill(&mut token)?;
        getrandom::fill(&mut form_token)?;
        let token = hex(&token);
        let session = Session {
            account: account.to_owned(),
            officer: officer.to_owned(),
            began_ms: now_ms,
            form_token: hex(&form_token),
        };
        let kept = Kept { session: session.clone(), seen_ms: now_ms, wrong: 0 };
        self.kept.insert(sha256(token.as_bytes()), kept);
        Ok(Some(Opened { token, session }))
    }

    /// The session of a token, which is seen by that.
    pub fn find(&mut self, token: &str, now_ms: u64) -> Option<Session> {
        let hash = sha256(token.as_bytes());
        let kept = self.kept.get_mut(&hash)?;
        if is_over(kept, now_ms) {
            self.kept.remove(&hash);
            return None;
        }
        kept.seen_ms = kept.seen_ms.max(now_ms);
        Some(kept.session.clone())
    }

    /// Ends a session.
    pub fn end(&mut self, token: &str) {
        self.kept.remove(&sha256(token.as_bytes()));
    }

    /// A password was wrong within a session: whether it has ended by that.
    pub fn wrong_password(&mut self, token: &str) -> bool {
        let hash = sha256(token.as_bytes());
        let Some(kept) = self.kept.get_mut(&hash) else { return true };
        kept.wrong += 1;
        let ends = kept.wrong >= WRONG_MAX;
        if ends {
            self.kept.remove(&hash);
        }
        ends
    }

    /// A password was right within a session.
    pub fn right_password(&mut self, token: &str) {
        if let Some(kept) = self.kept.get_mut(&sha256(token.as_bytes())) {
            kept.wrong = 0;
        }
    }

    /// Sessions that are kept, over or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

impl Session {
    /// Whether a form bears the token of this session. It takes as long wherever they differ.
    #[must_use]
    pub fn has_form_token(&self, found: &str) -> bool {
        self.form_token.as_bytes().ct_eq(found.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(sessions: &mut Sessions, account: &str, now_ms: u64) -> Opened {
        sessions.begin(account, "chair", now_ms).unwrap().unwrap()
    }

    #[test]
    fn a_session_ends_when_idle_and_after_its_time() {
        let mut sessions = Sessions::default();
        let idle = begin(&mut sessions, "a", 0);
        assert_eq!(sessions.find(&idle.token, IDLE_MS - 1).unwrap().account, "a");
        // Seen: the time begins anew.
        assert!(sessions.find(&idle.token, 2 * IDLE_MS - 2).is_some());
        assert!(sessions.find(&idle.token, 3 * IDLE_MS - 2).is_none());
        assert!(sessions.find(&idle.token, 0).is_none(), "what has ended does not come back");
        let busy = begin(&mut sessions, "a", 0);
        let mut now = 0;
        while now + IDLE_MS / 2 < WHOLE_MS {
            now += IDLE_MS / 2;
            assert!(sessions.find(&busy.token, now).is_some(), "{now}");
        }
        assert!(sessions.find(&busy.token, WHOLE_MS).is_none());
    }

    #[test]
    fn tokens_are_random_and_kept_as_hashes() {
        let mut sessions = Sessions::default();
        let (first, second) = (begin(&mut sessions, "a", 0), begin(&mut sessions, "a", 0));
        assert_ne!(first.token, second.token);
        assert_ne!(first.token, first.session.form_token);
        assert_eq!(first.token.len(), 64);
        assert!(!sessions.kept.contains_key(&{
            let mut raw = [0; 32];
            for (at, byte) in raw.iter_mut().enumerate() {
                *byte = u8::from_str_radix(&first.token[2 * at..2 * at + 2], 16).unwrap();
            }
            raw
        }));
        assert!(first.session.has_form_token(&first.session.form_token));
        assert!(!first.session.has_form_token(&second.session.form_token));
        assert!(!first.session.has_form_token(""));
        sessions.end(&first.token);
        assert!(sessions.find(&first.token, 0).is_none());
        assert!(sessions.find(&second.token, 0).is_some());
    }

    #[test]
    fn sessions_are_bounded_per_account_and_in_all() {
        let mut sessions = Sessions::default();
        let first = begin(&mut sessions, "a", 0);
        for now in 1..=SESSIONS_PER_ACCOUNT_MAX as u64 {
            begin(&mut sessions, "a", now);
        }
        assert_eq!(sessions.len(), SESSIONS_PER_ACCOUNT_MAX);
        assert!(sessions.find(&first.token, 9).is_none(), "the oldest has ended");
        for number in sessions.len()..SESSIONS_MAX {
            begin(&mut sessions, &format!("b{number}"), 9);
        }
        assert!(sessions.begin("c", "chair", 9).unwrap().is_none());
        // Those that are over make room.
        assert!(sessions.begin("c", "chair", 9 + IDLE_MS).unwrap().is_some());
        assert_eq!(sessions.len(), 1);
    }

    #[test]
    fn wrong_passwords_within_a_session_end_it() {
        let mut sessions = Sessions::default();
        let opened = begin(&mut sessions, "a", 0);
        assert!(!sessions.wrong_password(&opened.token));
        sessions.right_password(&opened.token);
        for _ in 1..WRONG_MAX {
            assert!(!sessions.wrong_password(&opened.token));
        }
        assert!(sessions.wrong_password(&opened.token));
        assert!(sessions.find(&opened.token, 1).is_none());
    }
}
