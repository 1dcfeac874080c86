//! Public keys as PEM files hold them (RFC 5280 §4.1.2.7, RFC 8410).

use super::key::Key;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Reads a public key with its kind (`SubjectPublicKeyInfo`).
pub(crate) fn public_key(der: &[u8]) -> Result<Key, String> {
    let (algorithm, parameters, key) = parts(der).ok_or("the public key is damaged")?;
    match algorithm {
        RSA => {
            let (n, e) = numbers(key).ok_or("the RSA key is damaged")?;
            Key::rsa(n, e)
        }
        ELLIPTIC => match element(OBJECT, parameters) {
            Some((P256, _)) => Key::p256(key.to_vec()),
            Some((P384, _)) => Key::p384(key.to_vec()),
            Some((P521, _)) => Key::p521(key),
            _ => Err("of the elliptic curves only P-256, P-384 and P-521 are known".into()),
        },
        ED25519 => Key::ed25519(key.to_vec()),
        _ => Err("the key is neither RSA, nor EC, nor Ed25519".into()),
    }
}

/// Takes apart what the key is for, the parameters of that, and the key.
fn parts(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (whole, _) = element(SEQUENCE, der)?;
    let (kind, rest) = element(SEQUENCE, whole)?;
    let (algorithm, parameters) = element(OBJECT, kind)?;
    let (bits, _) = element(BIT_STRING, rest)?;
    // The first byte tells how many bits of the last one do not count.
    let key = bits.strip_prefix(&[0])?;
    Some((algorithm, parameters, key))
}

fn numbers(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (whole, _) = element(SEQUENCE, key)?;
    let (n, rest) = element(INTEGER, whole)?;
    let (e, _) = element(INTEGER, rest)?;
    Some((n, e))
}

/// Takes an element off the front; returns its content and what comes after it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (own, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    if *own != tag {
        return None;
    }
    rest.split_at_checked(length)
}
