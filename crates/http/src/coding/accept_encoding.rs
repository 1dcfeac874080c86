//! Which coding a client would like best.

use http::{HeaderMap, header};

use super::Coding;

/// Returns the coding that the client of these headers likes best; none for the body as it is.
pub(crate) fn choose(headers: &HeaderMap) -> Option<Coding> {
    let mut wishes = Wishes::default();
    for value in headers.get_all(header::ACCEPT_ENCODING) {
        for wish in value.to_str().unwrap_or_default().split(',') {
            wishes.add(wish);
        }
    }
    let of = |wish: Option<u16>| wish.or(wishes.others).unwrap_or(0);
    // Who does not say so takes a body as it is as well, but would rather have it smaller.
    let plain = wishes.identity.unwrap_or(0);
    let (gzip, deflate) = (of(wishes.gzip), of(wishes.deflate));
    let (best, coding) = match gzip >= deflate {
        true => (gzip, Coding::Gzip),
        false => (deflate, Coding::Deflate),
    };
    (best > 0 && best >= plain).then_some(coding)
}

/// What is said of each coding, in thousandths.
#[derive(Default)]
struct Wishes {
    gzip: Option<u16>,
    deflate: Option<u16>,
    identity: Option<u16>,
    others: Option<u16>,
}

impl Wishes {
    fn add(&mut self, wish: &str) {
        let mut parts = wish.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let quality: f32 = match quality.map_or(Ok(1.0), str::parse) {
            Ok(quality) => quality,
            Err(_) => return,
        };
        let place = match Coding::of(name) {
            Some(Coding::Gzip) => &mut self.gzip,
            Some(Coding::Deflate) => &mut self.deflate,
            None if name.eq_ignore_ascii_case("identity") => &mut self.identity,
            None if name == "*" => &mut self.others,
            None => return,
        };
        *place = Some((quality.clamp(0.0, 1.0) * 1000.0) as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::testing::Dice;

    use crate::fuzz::{ROUNDS, text};
    use http::HeaderValue;

    fn chosen(accept: &str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
        choose(&headers).map_or("identity", Coding::name)
    }

    #[test]
    fn any_wish_is_heard() {
        let words = [
            "gzip", "deflate", "identity", "*", ";", "q=", "0", "1", ".", "5", ",", " ", "NaN",
            "inf", "-", "é",
        ];
        let mut dice = Dice::new(7);
        let mut plain = 0;
        for _ in 0..ROUNDS {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_bytes(text(&mut dice, &words, 10).as_bytes()).unwrap();
            headers.insert(header::ACCEPT_ENCODING, value);
            plain += usize::from(choose(&headers).is_none());
        }
        assert!(plain > 1000 && plain < ROUNDS - 1000, "{plain}");
    }

    #[test]
    fn takes_what_is_liked_best() {
        assert_eq!(choose(&HeaderMap::new()), None);
        for (accept, wanted) in [
            ("gzip, deflate, br, zstd", "gzip"),
            ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
            ("deflate", "deflate"),
            ("gzip;q=0.5, deflate;q=0.8", "deflate"),
            ("GZIP ; Q=0.5", "gzip"),
            ("x-gzip", "gzip"),
            ("*", "gzip"),
            ("gzip;q=0, *", "deflate"),
            ("gzip;q=0", "identity"),
            ("gzip;q=0.000, deflate;q=0", "identity"),
            ("identity, gzip;q=0.5", "identity"),
            ("identity;q=0.5, gzip", "gzip"),
            ("gzip;q=nonsense", "identity"),
            ("gzip;q=NaN", "identity"),
            ("br", "identity"),
            ("", "identity"),
            (";;,,;q=1", "identity"),
        ] {
            assert_eq!(chosen(accept), wanted, "{accept}");
        }
    }
}
