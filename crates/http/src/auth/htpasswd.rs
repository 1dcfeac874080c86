//! Files of users as Apache's `htpasswd` writes them.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compysition_core::{Error, Result};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use subtle::ConstantTimeEq;

const SHA1: &str = "{SHA}";
const SHA1_LENGTH: usize = 20;

/// The users of an `htpasswd` file and the hashes of their passwords.
#[derive(Clone)]
pub(crate) struct Htpasswd {
    hashes: HashMap<String, Hash>,
    /// What the password of an unknown user is checked against, at the price of a known one.
    decoy: Hash,
}

#[derive(Clone)]
enum Hash {
    Bcrypt(String),
    Sha1([u8; SHA1_LENGTH]),
}

impl Htpasswd {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read; what is wrong in it, with the line.
    pub(crate) fn read(path: &Path) -> Result<Htpasswd> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::internal(format!(
                "the file of users {} cannot be read: {error}",
                path.display()
            ))
        })?;
        Htpasswd::parse(&text)
            .map_err(|problem| Error::internal(format!("{}{problem}", path.display())))
    }

    fn parse(text: &str) -> Result<Htpasswd, String> {
        let mut hashes = HashMap::new();
        for (line, entry) in (1..).zip(text.lines().map(str::trim)) {
            if entry.is_empty() || entry.starts_with('#') {
                continue;
            }
            let (user, hash) = entry
                .split_once(':')
                .ok_or_else(|| format!(":{line}: this is no line of the form `user:hash`"))?;
            // No names: a damaged line may have a hash in its place.
            let hash = Hash::parse(hash)
                .map_err(|problem| format!(":{line}: the password of the user {problem}"))?;
            if hashes.insert(user.to_owned(), hash).is_some() {
                return Err(format!(":{line}: the user stands in the file twice"));
            }
        }
        let costs = hashes.values().filter_map(Hash::cost);
        let decoy = match costs.max() {
            Some(cost) => Hash::Bcrypt(decoy(cost)),
            None if hashes.is_empty() => return Err(": there is no user in the file".into()),
            None => Hash::Sha1([0; SHA1_LENGTH]),
        };
        Ok(Htpasswd { hashes, decoy })
    }

    /// Tells whether the password is the user's. It takes as long if there is no such user.
    pub(crate) fn verify(&self, user: &str, password: &str) -> bool {
        match self.hashes.get(user) {
            Some(hash) => hash.verify(password),
            None => {
                self.decoy.verify(password);
                false
            }
        }
    }
}

impl Hash {
    fn parse(hash: &str) -> Result<Hash, String> {
        if ["$2y$", "$2b$", "$2a$"]
            .iter()
            .any(|prefix| hash.starts_with(prefix))
        {
            let parsed = hash.parse::<bcrypt::HashParts>();
            return match parsed {
                Ok(_) => Ok(Hash::Bcrypt(hash.to_owned())),
                Err(error) => Err(format!("is a damaged bcrypt hash: {error}")),
            };
        }
        if let Some(encoded) = hash.strip_prefix(SHA1) {
            let decoded = STANDARD
                .decode(encoded)
                .ok()
                .and_then(|bytes| bytes.try_into().ok());
            return decoded
                .map(Hash::Sha1)
                .ok_or_else(|| "is a damaged {SHA} hash".into());
        }
        Err("is in a form that is not known here; \
             make it anew by `htpasswd -B`, which uses bcrypt"
            .into())
    }

    fn cost(&self) -> Option<u32> {
        match self {
            Hash::Bcrypt(hash) => hash
                .parse::<bcrypt::HashParts>()
                .ok()
                .map(|parts| parts.get_cost()),
            Hash::Sha1(_) => None,
        }
    }

    fn verify(&self, password: &str) -> bool {
        match self {
            // Compares in constant time itself. An error means a hash that `parse` would have refused,
            // or a password that bcrypt cannot have hashed.
            Hash::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Hash::Sha1(hash) => {
                let theirs = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
                theirs.as_ref().ct_eq(hash).into()
            }
        }
    }
}

/// Returns a well-formed bcrypt hash that no password is known for.
fn decoy(cost: u32) -> String {
    let (salt, hash) = (".".repeat(22), ".".repeat(31));
    format!("$2b${cost:02}${salt}{hash}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use compysition_core::testing::{Dice, within};

    use super::*;

    #[test]
    fn verifies_bcrypt_and_sha() {
        let ada = bcrypt::hash("pässword", 4)
            .unwrap()
            .replacen("$2b$", "$2y$", 1);
        let file = format!("# staff\n\nada:{ada}\nbob:{{SHA}}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");
        let users = Htpasswd::parse(&file).unwrap();
        assert!(users.verify("ada", "pässword"));
        assert!(users.verify("bob", "password"));
        for (user, password) in [
            ("ada", "password"),
            ("bob", ""),
            ("eve", "password"),
            ("", ""),
        ] {
            assert!(!users.verify(user, password), "{user}");
        }
    }

    #[test]
    fn the_decoy_costs_as_much_as_a_user() {
        let hash = bcrypt::hash("x", 5).unwrap();
        let users = Htpasswd::parse(&format!("ada:{hash}")).unwrap();
        assert_eq!(users.decoy.cost(), Some(5));
        let Hash::Bcrypt(decoy) = &users.decoy else {
            panic!()
        };
        assert!(!bcrypt::verify("x", decoy).unwrap());
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        let says = |text: &str| Htpasswd::parse(text).err().unwrap();
        assert_eq!(says("\nada"), ":2: this is no line of the form `user:hash`");
        assert!(says("ada:$apr1$x$y").starts_with(":1: the password of the user is in a form"));
        assert!(says("ada:secret").contains("htpasswd -B"));
        assert!(!says("ada:secret").contains("secret"));
        assert!(
            says("ada:$2y$04$short")
                .starts_with(":1: the password of the user is a damaged bcrypt hash")
        );
        assert_eq!(
            says("a:{SHA}AAAA"),
            ":1: the password of the user is a damaged {SHA} hash"
        );
        let sha = "a:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=";
        assert_eq!(
            says(&format!("{sha}\n{sha}")),
            ":2: the user stands in the file twice"
        );
        assert_eq!(says("# nobody"), ": there is no user in the file");
        let missing = Htpasswd::read(Path::new("/no/such/file")).err().unwrap();
        assert!(
            missing
                .message()
                .starts_with("the file of users /no/such/file cannot be read: ")
        );
    }

    #[test]
    fn any_file_is_read_or_refused_with_a_line() {
        const ROUNDS: usize = 100_000;
        let right = "# staff\nada:$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\nbob:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n";
        assert!(Htpasswd::parse(right).is_ok());
        let words = [
            ":", "\n", "$", "$2y$", "{SHA}", "=", "ada", "99", "\u{0}", "#", "é",
        ];
        let mut dice = Dice::new(41);
        let (mut good, mut bad) = (0, 0);
        within(Duration::from_secs(60), 32 << 20, || {
            for _ in 0..ROUNDS {
                let mut file = right.as_bytes().to_vec();
                dice.damage(&mut file, &words);
                match Htpasswd::parse(&String::from_utf8_lossy(&file)) {
                    Ok(_) => good += 1,
                    Err(problem) => {
                        bad += 1;
                        assert!(problem.starts_with(':'), "{problem}");
                    }
                }
            }
        });
        assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad");
    }
}
