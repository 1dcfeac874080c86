//! Which of the media types at hand a client would like best.

use http::{HeaderMap, header};

use crate::media::essence;

/// What a client accepts, as its `Accept` header says; everything, if it has none.
pub(crate) struct Accept(Option<Vec<Wish>>);

struct Wish {
    range: String,
    /// In thousandths, as the standard has three decimal places.
    quality: u16,
}

impl Accept {
    pub(crate) fn of(headers: &HeaderMap) -> Accept {
        let values = headers.get_all(header::ACCEPT).iter();
        let mut wishes = Vec::new();
        for value in values.filter_map(|value| value.to_str().ok()) {
            // What most programs send needs no list.
            if value != "*/*" {
                wishes.extend(value.split(',').filter_map(Wish::parse));
            }
        }
        Accept((!wishes.is_empty()).then_some(wishes))
    }

    /// Returns whether the client accepts whatever there is.
    pub(crate) fn is_indifferent(&self) -> bool {
        self.0.is_none()
    }

    /// Returns the offer that the client likes best, the first of those that it likes equally; none if it
    /// accepts none.
    pub(crate) fn choose<'a, T>(
        &self,
        offers: &'a [T],
        media_type: impl Fn(&T) -> &str,
    ) -> Option<&'a T> {
        let Some(wishes) = &self.0 else {
            return offers.first();
        };
        let mut best = None;
        let mut most = 0;
        for offer in offers {
            let quality = quality(wishes, essence(media_type(offer)));
            if quality > most {
                (best, most) = (Some(offer), quality);
            }
        }
        best
    }
}

impl Wish {
    fn parse(text: &str) -> Option<Wish> {
        let mut parts = text.split(';').map(str::trim);
        let range = parts.next().filter(|range| range.contains('/'))?;
        let quality = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
        let quality: f32 = quality.map_or(Ok(1.0), str::parse).ok()?;
        Some(Wish {
            range: range.to_ascii_lowercase(),
            quality: (quality.clamp(0.0, 1.0) * 1000.0) as u16,
        })
    }

    /// Says how exactly the wish names a media type: not at all, by `*/*`, by `text/*`, or in full.
    fn precision(&self, essence: &str) -> u8 {
        if self.range.eq_ignore_ascii_case(essence) {
            return 3;
        }
        match self.range.strip_suffix('*') {
            Some("*/") => 1,
            Some(main) => {
                let start = essence.get(..main.len());
                if start.is_some_and(|start| start.eq_ignore_ascii_case(main)) {
                    2
                } else {
                    0
                }
            }
            None => 0,
        }
    }
}

fn quality(wishes: &[Wish], essence: &str) -> u16 {
    let wish = wishes.iter().max_by_key(|wish| wish.precision(essence));
    match wish {
        Some(wish) if wish.precision(essence) > 0 => wish.quality,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(accept: &str, offers: &[&'static str]) -> Option<&'static str> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, accept.parse().unwrap());
        Accept::of(&headers).choose(offers, |offer| offer).copied()
    }

    #[test]
    fn takes_what_is_liked_best() {
        let offers = ["application/json", "application/xml"];
        assert_eq!(choose("application/xml", &offers), Some("application/xml"));
        assert_eq!(choose("*/*", &offers), Some("application/json"));
        assert_eq!(
            choose("application/*;q=0.3, text/html", &offers),
            Some("application/json")
        );
        let prefers_xml = "application/json;q=0.5, application/xml;q=0.9";
        assert_eq!(choose(prefers_xml, &offers), Some("application/xml"));
        assert_eq!(choose("text/html", &offers), None);
        assert_eq!(
            choose("*/*, application/json;q=0", &offers),
            Some("application/xml")
        );
        assert_eq!(choose("nonsense", &offers), Some("application/json"));
    }
}
