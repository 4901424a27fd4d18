//! The operators file: who may log in, for which officer, and the officer's key under a password.
//!
//! In: a TOML file that its owner alone can read; a name and a password. Out: an account, and for
//! a moment its officer's secret key. Never: a password kept, a key in the clear on disk, an answer
//! whose time tells whether a name exists.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use ed25519_dalek::{Signer, SigningKey};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{Decode, Encode};
use pkcs8::pkcs5::pbes2;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument};
use serde::{Deserialize, Serialize};
use shomar_format::bytes::{Digest32, hex};
use shomar_format::election::Officer;
use shomar_format::record::SecretKey;
use zeroize::Zeroizing;

/// Memory of one hash of a password, in KiB (OWASP, Password Storage: argon2id, 19 MiB, t=2, p=1).
const HASH_KIBIBYTES: u32 = 19 * 1_024;
/// Passes over that memory.
const HASH_PASSES: u32 = 2;
/// Lanes of that memory.
const HASH_LANES: u32 = 1;
/// scrypt over a key's password: N = 2^14, r = 8, p = 5 (OWASP), which OpenSSL opens too.
const KEY_LOG_N: u8 = 14;
const KEY_BLOCK: u32 = 8;
const KEY_LANES: u32 = 5;
/// Bytes of a salt.
const SALT_BYTES: usize = 16;
/// Fewest characters of a password.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// Fewest different characters of a password.
const PASSWORD_DIFFERENT_MIN: usize = 5;
/// Most bytes of a password: nobody makes us hash a book.
const PASSWORD_BYTES_MAX: usize = 1_024;
/// Most bytes of an account's name.
pub(crate) const NAME_BYTES_MAX: usize = 64;
/// Ed25519 (RFC 8410).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What is verified where there is no such name, so that it takes as long.
static NOBODY: LazyLock<String> = LazyLock::new(|| {
    let hash = hasher().hash_password_with_salt(b"nobody has this password", &[7; SALT_BYTES]);
    hash.expect("constant parameters are sound").to_string()
});

/// Why accounts cannot be read, made or opened.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Something in the file is not as it should be.
    #[error("{path}: found {found}, expected {expected}")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// A name, a password or a key that cannot be taken.
    #[error("found {found}, expected {expected}")]
    Unfit {
        /// What was given.
        found: String,
        /// What can be taken.
        expected: String,
    },
    /// The system gives no random bytes, or a cipher refuses.
    #[error("cannot encrypt: {0}")]
    Cipher(String),
}

/// Somebody who may log in.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name by which they log in.
    pub name: String,
    /// Id of the officer for whom they sign.
    pub officer: String,
    /// argon2id hash of the password, as a PHC string.
    password: String,
    /// The officer's secret key under the same password, PKCS#8 as PEM.
    key: String,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the account {} of officer {}", self.name, self.officer)
    }
}

/// An officer's secret key, for as long as something is being signed.
pub struct OpenKey(Zeroizing<Digest32>);

impl OpenKey {
    /// Signs a text that is no record.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        SigningKey::from_bytes(&self.0).sign(message).to_bytes()
    }

    /// The key that seals records.
    pub(crate) fn sealing(&self) -> SecretKey {
        SecretKey::from_seed(&self.0)
    }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(HASH_KIBIBYTES, HASH_PASSES, HASH_LANES, None);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params.expect("constants within bounds"))
}

fn random<const N: usize>() -> Result<[u8; N], AccountError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| AccountError::Cipher(error.to_string()))?;
    Ok(bytes)
}

fn cipher_error(error: impl fmt::Display) -> AccountError {
    AccountError::Cipher(error.to_string())
}

impl Account {
    /// A new account of an officer.
    ///
    /// # Errors
    /// If the name or the password cannot be taken, or the key is not the officer's.
    pub fn new(
        name: &str,
        officer: &Officer,
        password: &str,
        seed: &Digest32,
    ) -> Result<Self, AccountError> {
        let unfit = |found: String, expected: &str| {
            Err(AccountError::Unfit { found, expected: expected.to_owned() })
        };
        let is_plain = |own: char| own.is_alphanumeric() || "-_.".contains(own);
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(is_plain) {
            let expected = "letters, digits, '-', '_' and '.', at most 64 bytes";
            return unfit(format!("the name '{}'", name.escape_debug()), expected);
        }
        check_password(name, password)?;
        let public = SecretKey::from_seed(seed).public();
        if public != officer.key {
            let found = format!("the secret key of {}", hex(&public));
            let expected = format!("that of officer {}, {}", officer.id, hex(&officer.key));
            return unfit(found, &expected);
        }
        let salt: [u8; SALT_BYTES] = random()?;
        let hash = hasher().hash_password_with_salt(password.as_bytes(), &salt);
        Ok(Self {
            name: name.to_owned(),
            officer: officer.id.clone(),
            password: hash.map_err(cipher_error)?.to_string(),
            key: lock_key(seed, password)?,
        })
    }

    /// The officer's key; `None` if this is not the password, or the key is another officer's.
    #[must_use]
    pub fn open_key(&self, password: &str, officer: &Officer) -> Option<OpenKey> {
        let (label, document) = SecretDocument::from_pem(&self.key).ok()?;
        if label != "ENCRYPTED PRIVATE KEY" {
            return None;
        }
        let locked = EncryptedPrivateKeyInfoRef::from_der(document.as_bytes()).ok()?;
        let opened = locked.decrypt(password.as_bytes()).ok()?;
        let info = PrivateKeyInfoRef::from_der(opened.as_bytes()).ok()?;
        let seed = <&OctetStringRef>::from_der(info.private_key.as_bytes()).ok()?;
        let seed = Zeroizing::new(Digest32::try_from(seed.as_bytes()).ok()?);
        let is_own = info.algorithm.oid == ED25519
            && SecretKey::from_seed(&seed).public() == officer.key
            && self.officer == officer.id;
        is_own.then_some(OpenKey(seed))
    }
}

/// A key under a password, as PEM.
fn lock_key(seed: &Digest32, password: &str) -> Result<String, AccountError> {
    let inner = OctetStringRef::new(seed).and_then(|own| own.to_der()).map_err(cipher_error)?;
    let inner = Zeroizing::new(inner);
    let private_key = OctetStringRef::new(&inner).map_err(cipher_error)?;
    let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
    let info = PrivateKeyInfoRef::new(algorithm, private_key);
    let cost = pkcs8::pkcs5::scrypt::Params::new(KEY_LOG_N, KEY_BLOCK, KEY_LANES);
    let (salt, start): ([u8; SALT_BYTES], [u8; 16]) = (random()?, random()?);
    let cost = cost.map_err(cipher_error)?;
    let parameters =
        pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, start).map_err(cipher_error)?;
    let locked = info.encrypt_with_params(parameters, password.as_bytes()).map_err(cipher_error)?;
    let pem = locked.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).map_err(cipher_error)?;
    Ok(pem.to_string())
}

/// Whether a password can be taken.
///
/// # Errors
/// If it is too short, too plain, or the name.
pub fn check_password(name: &str, password: &str) -> Result<(), AccountError> {
    let unfit = |found: String, expected: String| Err(AccountError::Unfit { found, expected });
    let characters = password.chars().count();
    if characters < PASSWORD_CHARACTERS_MIN || password.len() > PASSWORD_BYTES_MAX {
        let expected = format!("at least {PASSWORD_CHARACTERS_MIN}, and not a book");
        return unfit(format!("a password of {characters} characters"), expected);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < PASSWORD_DIFFERENT_MIN {
        let found = format!("a password of {} different characters", different.len());
        return unfit(found, format!("at least {PASSWORD_DIFFERENT_MIN}"));
    }
    if password.to_lowercase().contains(&name.to_lowercase()) {
        return unfit("a password that has the name in it".to_owned(), "another one".to_owned());
    }
    Ok(())
}

/// All accounts of a file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operators {
    #[serde(default)]
    operator: Vec<Account>,
}

impl Operators {
    /// Reads the file.
    ///
    /// # Errors
    /// If it cannot be read, others than its owner can read it, or it is not sound.
    pub fn read(path: &Path) -> Result<Self, AccountError> {
        let file = |source| AccountError::File { path: path.to_owned(), source };
        let unsound = |found: String, expected: &str| AccountError::Unsound {
            path: path.to_owned(),
            found,
            expected: expected.to_owned(),
        };
        #[cfg(unix)]
        {
            let metadata = std::fs::metadata(path).map_err(file)?;
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            if mode & 0o077 != 0 {
                return Err(unsound(format!("the mode {mode:03o}"), "600: its owner alone"));
            }
        }
        let text = std::fs::read_to_string(path).map_err(file)?;
        let read: Self = toml::from_str(&text)
            // Never the text around the fault: a hash stands there.
            .map_err(|error| unsound(error.message().to_owned(), "a list of [[operator]]"))?;
        for (at, account) in read.operator.iter().enumerate() {
            if read.operator[..at].iter().any(|other| other.name == account.name) {
                let found = format!("the name '{}' twice", account.name);
                return Err(unsound(found, "each name once"));
            }
            if PasswordHash::new(&account.password).is_err() {
                let found = format!("another hash of the password of '{}'", account.name);
                return Err(unsound(found, "argon2id as a PHC string"));
            }
        }
        Ok(read)
    }

    /// Writes the file, readable by its owner alone: complete, or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), AccountError> {
        let file = |source| AccountError::File { path: path.to_owned(), source };
        let text = toml::to_string(self).map_err(cipher_error)?;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Made with mode 600.
        let mut new = tempfile::NamedTempFile::new_in(folder).map_err(file)?;
        new.write_all(text.as_bytes()).map_err(file)?;
        new.as_file().sync_all().map_err(file)?;
        new.persist(path).map_err(|error| file(error.error))?;
        std::fs::File::open(folder).and_then(|own| own.sync_all()).map_err(file)
    }

    /// All accounts, in the order of the file.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.operator
    }

    /// Adds an account.
    ///
    /// # Errors
    /// If there is one of this name.
    pub fn add(&mut self, account: Account) -> Result<(), AccountError> {
        if self.find(&account.name).is_some() {
            return Err(AccountError::Unfit {
                found: format!("the name '{}', which is there already", account.name),
                expected: "a new name".to_owned(),
            });
        }
        self.operator.push(account);
        Ok(())
    }

    /// Takes an account away; whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.operator.len();
        self.operator.retain(|account| account.name != name);
        self.operator.len() < before
    }

    /// The account of this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Account> {
        self.operator.iter().find(|account| account.name == name)
    }

    /// The account that this name and password open. A name that is none takes as long.
    #[must_use]
    pub fn open(&self, name: &str, password: &str) -> Option<&Account> {
        let account = self.find(name);
        let hash = account.map_or(NOBODY.as_str(), |account| account.password.as_str());
        // A book is not hashed, whoever sends it.
        let is_short = password.len() <= PASSWORD_BYTES_MAX;
        let password = if is_short { password } else { "" };
        let is_right = PasswordHash::new(hash)
            .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok());
        account.filter(|_| is_right && is_short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    const PASSWORD: &str = "a horse in the rain";

    fn officer(id: &str, number: u8) -> Officer {
        let key = SecretKey::from_seed(&[number; 32]).public();
        Officer { id: id.to_owned(), name_fa: String::new(), name_en: String::new(), key }
    }

    #[test]
    fn a_password_opens_its_account_and_key_and_nothing_else_does() {
        let chair = officer("chair", 1);
        let account = Account::new("maryam", &chair, PASSWORD, &[1; 32]).unwrap();
        let mut all = Operators::default();
        all.add(account.clone()).unwrap();
        assert!(all.add(account).is_err(), "each name once");
        let account = all.open("maryam", PASSWORD).unwrap();
        assert_eq!(account.officer, "chair");
        let key = account.open_key(PASSWORD, &chair).unwrap();
        assert_eq!(key.sealing().public(), chair.key);
        for (name, password) in
            [("maryam", "a horse in the rain "), ("maryam", ""), ("m", PASSWORD)]
        {
            assert!(all.open(name, password).is_none(), "{name} {password}");
        }
        assert!(account.open_key("a horse in the sun", &chair).is_none());
        // The key of a chair is of no use to a deputy.
        assert!(account.open_key(PASSWORD, &officer("chair", 2)).is_none());
        assert!(account.open_key(PASSWORD, &officer("deputy", 1)).is_none());
        assert!(Account::new("reza", &officer("deputy", 2), PASSWORD, &[1; 32]).is_err());
    }

    #[test]
    fn a_file_is_its_owners_alone_and_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("operators.toml");
        let mut all = Operators::default();
        all.add(Account::new("maryam", &officer("chair", 1), PASSWORD, &[1; 32]).unwrap()).unwrap();
        all.write(&path).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&hex(&[1; 32])) && !text.contains(PASSWORD), "{text}");
        assert!(text.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        assert!(text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----"), "{text}");
        assert!(Operators::read(&path).unwrap().open("maryam", PASSWORD).is_some());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            let error = Operators::read(&path).unwrap_err().to_string();
            assert!(
                error.ends_with("found the mode 640, expected 600: its owner alone"),
                "{error}"
            );
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        std::fs::write(&path, text.replace("$argon2id$", "$mine$")).unwrap();
        assert!(Operators::read(&path).unwrap().open("maryam", PASSWORD).is_none());
        std::fs::write(&path, text.replace("$argon2id$", "argon2id")).unwrap();
        assert!(Operators::read(&path).is_err());
        std::fs::write(&path, format!("{text}\n{text}")).unwrap();
        let error = Operators::read(&path).unwrap_err().to_string();
        assert!(error.contains("the name 'maryam' twice"), "{error}");
    }

    #[test]
    fn weak_passwords_and_odd_names_are_not_taken() {
        let chair = officer("chair", 1);
        let new = |name: &str, password: &str| Account::new(name, &chair, password, &[1; 32]);
        for password in ["", "elevenchars", "aaaaaaaaaaaaaa", "abababababababab", "Maryam-in-1405"]
        {
            assert!(new("maryam", password).is_err(), "{password}");
        }
        assert!(new("maryam", "دوازده‌حرف‌است").is_ok(), "characters are counted, not bytes");
        for name in ["", "two words", "a/b", "a\nb", &"x".repeat(65)] {
            assert!(new(name, PASSWORD).is_err(), "{name:?}");
        }
    }

    /// About the same work: neither is a look at a table.
    #[test]
    fn a_name_that_is_none_takes_as_long() {
        let mut all = Operators::default();
        all.add(Account::new("maryam", &officer("chair", 1), PASSWORD, &[1; 32]).unwrap()).unwrap();
        let fastest = |name: &str| {
            let one = || {
                let began = Instant::now();
                assert!(all.open(name, "something else").is_none());
                began.elapsed()
            };
            (0..5).map(|_| one()).min().unwrap_or(Duration::ZERO)
        };
        let (known, unknown) = (fastest("maryam"), fastest("nobody"));
        assert!(unknown * 2 > known && known * 2 > unknown, "{known:?} and {unknown:?}");
    }
}
