//! CURVE keys and the files that they stand in.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use compysition_core::{Error, Result};
use omq_tokio::{CurveKeypair, CurvePublicKey, CurveSecretKey};

/// A CURVE public key: 40 characters of Z85, as libzmq and its bindings write it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub(super) CurvePublicKey);

/// A CURVE key pair. What it shows of itself is only the public key.
#[derive(Clone)]
pub struct KeyPair(pub(super) CurveKeypair);

impl PublicKey {
    /// Takes the bytes of a key.
    pub fn from_bytes(bytes: [u8; 32]) -> PublicKey {
        PublicKey(CurvePublicKey::from_bytes(bytes))
    }

    /// Reads the key that stands in a file, or is given itself.
    ///
    /// # Errors
    /// Internal, if the file cannot be read, or has no public key.
    pub fn read(key_or_path: &str) -> Result<PublicKey> {
        match given(key_or_path) {
            Some(key) => Ok(key),
            None => PublicKey::read_file(Path::new(key_or_path)),
        }
    }

    /// Reads the key that stands in a file.
    ///
    /// # Errors
    /// Internal, if the file cannot be read, or has not one public key.
    pub fn read_file(path: &Path) -> Result<PublicKey> {
        let keys = public_keys(path)?;
        match keys[..] {
            [key] => Ok(key),
            _ => Err(Error::internal(format!(
                "`{}` has {} public keys, but one is wanted",
                path.display(),
                keys.len()
            ))),
        }
    }

    /// Reads the keys in a file, or in all files of a directory, or the one that is given itself.
    ///
    /// # Errors
    /// Internal, if a file cannot be read, or has no public key.
    pub fn read_all(key_or_path: &str) -> Result<Vec<PublicKey>> {
        if let Some(key) = given(key_or_path) {
            return Ok(vec![key]);
        }
        let path = Path::new(key_or_path);
        if !path.is_dir() {
            return public_keys(path);
        }
        let unreadable = |error| unreadable(path, error);
        let mut keys = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            if file.extension().is_some_and(|extension| extension == "key") {
                keys.extend(public_keys(&file)?);
            }
        }
        Ok(keys)
    }
}

impl KeyPair {
    /// Makes a new pair.
    pub fn generate() -> KeyPair {
        KeyPair(CurveKeypair::generate())
    }

    /// Reads a pair from a file with a secret key. The public key follows from it.
    ///
    /// # Errors
    /// Internal, if the file cannot be read, or has no secret key.
    pub fn read(path: &Path) -> Result<KeyPair> {
        let text = fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
        let named = named(&text, "secret-key");
        let key = named.or_else(|| single(&text)).unwrap_or_default();
        let secret = CurveSecretKey::from_z85(key).map_err(|_| {
            let path = path.display();
            Error::internal(format!("`{path}` has no CURVE secret key: it is a line `secret-key = \"…\"`, or 40 characters alone"))
        })?;
        Ok(KeyPair(CurveKeypair {
            public: secret.derive_public(),
            secret,
        }))
    }

    /// Returns the public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.public)
    }

    /// Writes the files `NAME.key`, with the public key, and `NAME.key_secret`, with both, which only the owner may read: the names and the
    /// format that pyzmq and czmq use. Returns their paths.
    ///
    /// # Errors
    /// Internal, if a file cannot be written, or is there already: a key that is in use must not be lost.
    pub fn write(&self, directory: &Path, name: &str) -> Result<[PathBuf; 2]> {
        let public = self.public();
        let secret = self.0.secret.to_z85();
        let paths = ["key", "key_secret"].map(|end| directory.join(format!("{name}.{end}")));
        if let Some(path) = paths.iter().find(|path| path.exists()) {
            let path = path.display();
            return Err(Error::internal(format!(
                "`{path}` is there already; remove it, or choose another name"
            )));
        }
        let head = "metadata\ncurve\n";
        write_secret(
            &paths[1],
            &format!("{head}    public-key = \"{public}\"\n    secret-key = \"{secret}\"\n"),
        )?;
        fs::write(&paths[0], format!("{head}    public-key = \"{public}\"\n"))
            .map_err(|error| unwritable(&paths[0], error))?;
        Ok(paths)
    }
}

/// Returns the key that a text is. A path of 40 characters might be one, too, so a file goes first.
fn given(key_or_path: &str) -> Option<PublicKey> {
    let key = CurvePublicKey::from_z85(key_or_path).ok()?;
    (!Path::new(key_or_path).exists()).then_some(PublicKey(key))
}

fn write_secret(path: &Path, text: &str) -> Result {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| unwritable(path, error))
}

fn public_keys(path: &Path) -> Result<Vec<PublicKey>> {
    let text = fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
    let none = || {
        let path = path.display();
        Error::internal(format!(
            "`{path}` has no CURVE public key: it is a line `public-key = \"…\"`, or 40 characters on a line alone"
        ))
    };
    let keys: Vec<&str> = match named(&text, "public-key") {
        Some(key) => vec![key],
        None => lines(&text).collect(),
    };
    if keys.is_empty() {
        return Err(none());
    }
    let parsed = keys.into_iter().map(CurvePublicKey::from_z85);
    let keys: Result<Vec<CurvePublicKey>, _> = parsed.collect();
    Ok(keys
        .map_err(|_| none())?
        .into_iter()
        .map(PublicKey)
        .collect())
}

/// Returns the lines that say something; `#` begins a comment, but may also be in a key.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("# "))
}

fn single(text: &str) -> Option<&str> {
    let mut lines = lines(text);
    lines.next().filter(|_| lines.next().is_none())
}

/// Returns what a certificate says under a name.
fn named<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let value = line.trim().strip_prefix(name)?.trim_start();
        let value = value.strip_prefix('=')?.trim();
        value.strip_prefix('"')?.strip_suffix('"')
    })
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    let path = path.display();
    Error::internal(format!("the key file `{path}` cannot be read: {error}")).with_source(error)
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    let path = path.display();
    Error::internal(format!("the key file `{path}` cannot be written: {error}")).with_source(error)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_z85())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("zmq-keys-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_pair_is_written_and_read() {
        let directory = directory("pair");
        let pair = KeyPair::generate();
        let [public, secret] = pair.write(&directory, "server").unwrap();
        let read = KeyPair::read(&secret).unwrap();
        assert_eq!(read.public(), pair.public());
        assert_eq!(read.0.secret, pair.0.secret);
        let key = PublicKey::read(public.to_str().unwrap()).unwrap();
        assert_eq!(key, pair.public());
        let again = pair.write(&directory, "server").unwrap_err();
        assert!(again.message().contains("is there already"), "{again}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&secret).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn an_allow_list_is_a_key_a_file_or_a_directory() {
        let directory = directory("list");
        let pairs = [KeyPair::generate(), KeyPair::generate()];
        for (pair, name) in pairs.iter().zip(["a", "b"]) {
            pair.write(&directory, name).unwrap();
        }
        let list = directory.join("clients.txt");
        let text = format!(
            "# who may\n{}\n\n{}\n",
            pairs[0].public(),
            pairs[1].public()
        );
        fs::write(&list, text).unwrap();
        let read = |path: &str| PublicKey::read_all(path).unwrap().len();
        assert_eq!(read(&pairs[0].public().to_string()), 1);
        assert_eq!(read(list.to_str().unwrap()), 2);
        assert_eq!(read(directory.to_str().unwrap()), 2);
        let one = PublicKey::read(list.to_str().unwrap()).unwrap_err();
        assert!(one.message().contains("has 2 public keys"), "{one}");
        fs::write(&list, "not a key").unwrap();
        assert!(PublicKey::read_all(list.to_str().unwrap()).is_err());
        assert!(KeyPair::read(&list).is_err());
        assert!(PublicKey::read_all("/nowhere/at.all").is_err());
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn does_not_show_the_secret() {
        let pair = KeyPair::generate();
        assert!(!format!("{pair:?}").contains(&pair.0.secret.to_z85()));
    }

    #[test]
    fn a_path_of_40_characters_is_no_key() {
        let mut path = std::env::temp_dir()
            .join(format!("zmq-{}-", std::process::id()))
            .display()
            .to_string();
        path.extend(std::iter::repeat_n('k', 40 - path.len()));
        assert!(given(&path).is_some(), "{path}");
        let key = KeyPair::generate().public();
        fs::write(&path, key.to_string()).unwrap();
        assert_eq!(PublicKey::read(&path).unwrap(), key);
        assert_eq!(PublicKey::read_all(&path).unwrap(), [key]);
        fs::remove_file(&path).unwrap();
        assert!(PublicKey::read_file(Path::new(&path)).is_err());
    }
}
