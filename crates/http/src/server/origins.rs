//! Origins of pages: scheme, host and port.

/// The origins that are let in.
#[derive(Clone, Debug)]
pub(crate) struct Origins(Vec<Origin>);

#[derive(Clone, Debug)]
enum Origin {
    All,
    One(String),
    /// What stands before and behind the names of hosts.
    Below(String, String),
}

impl Origins {
    pub(crate) fn parse<O: AsRef<str>>(
        origins: impl IntoIterator<Item = O>,
    ) -> Result<Origins, String> {
        let origins = origins.into_iter().map(|text| Origin::parse(text.as_ref()));
        let origins: Vec<Origin> = origins.collect::<Result<_, _>>()?;
        match origins.is_empty() {
            true => Err("there are no origins; write `*` for every page".into()),
            false => Ok(Origins(origins)),
        }
    }

    /// Returns whether every page is let in.
    pub(crate) fn are_all(&self) -> bool {
        self.0.iter().any(|origin| matches!(origin, Origin::All))
    }

    /// Returns whether the origin that a browser names is among them.
    pub(crate) fn contain(&self, named: &str) -> bool {
        self.0.iter().any(|origin| origin.is(named))
    }
}

impl Origin {
    fn parse(text: &str) -> Result<Origin, String> {
        if text == "*" {
            return Ok(Origin::All);
        }
        let wrong = |why: &str| {
            Err(format!(
                "`{text}` is no origin: {why}; write it like https://shop.example.org"
            ))
        };
        let lower = text.to_ascii_lowercase();
        let Some((scheme, rest)) = lower.split_once("://") else {
            return wrong("the scheme is missing");
        };
        if rest.contains(['/', '?', '#', '@']) {
            return wrong("it ends with the host or the port, without a slash");
        }
        let host = match rest.rsplit_once(':') {
            // Colons in brackets belong to the address.
            Some((host, port)) if !port.ends_with(']') => {
                if port.parse::<u16>().is_err() {
                    return wrong("ports are numbers up to 65535");
                }
                if matches!((scheme, port), ("https", "443") | ("http", "80")) {
                    return wrong("browsers leave out the port that belongs to the scheme");
                }
                host
            }
            _ => rest,
        };
        if scheme.is_empty() || host.is_empty() || !rest.is_ascii() {
            return wrong("it needs a scheme and a host in ASCII");
        }
        match rest.split_once('*') {
            None => Ok(Origin::One(lower)),
            Some(("", below)) if below.starts_with('.') && !below.contains('*') => {
                Ok(Origin::Below(format!("{scheme}://"), below.to_owned()))
            }
            Some(_) => {
                wrong("a star stands for all hosts below another, as in https://*.example.org")
            }
        }
    }

    fn is(&self, named: &str) -> bool {
        match self {
            Origin::All => true,
            Origin::One(own) => own == named,
            Origin::Below(scheme, below) => {
                let rest = named.strip_prefix(scheme.as_str());
                let name = rest.and_then(|rest| rest.strip_suffix(below.as_str()));
                name.is_some_and(|name| {
                    let mut bytes = name.bytes();
                    !name.is_empty()
                        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use compysition_core::testing::Dice;

    use crate::fuzz::{ROUNDS, text};

    #[test]
    fn contain_what_was_written_and_no_more() {
        let origins = Origins::parse([
            "https://Shop.example.org",
            "http://localhost:3000",
            "https://*.example.com:8443",
            "http://[::1]:8080",
        ])
        .unwrap();
        assert!(!origins.are_all());
        for origin in [
            "https://shop.example.org",
            "http://localhost:3000",
            "https://a.b-c.example.com:8443",
            "http://[::1]:8080",
        ] {
            assert!(origins.contain(origin), "{origin}");
        }
        for origin in [
            "http://shop.example.org",
            "https://shop.example.org:444",
            "https://shop.example.org.evil.com",
            "https://evilshop.example.org",
            "https://example.com:8443",
            "https://.example.com:8443",
            "https://evil.com/.example.com:8443",
            "https://evil.com#.example.com:8443",
            "https://evil@x.example.com:8443",
            "https://evilexample.com:8443",
            "null",
            "",
            "*",
        ] {
            assert!(!origins.contain(origin), "{origin}");
        }
        assert!(Origins::parse(["*"]).unwrap().contain("null"));
    }

    #[test]
    fn any_origin_is_below_or_kept_out() {
        let words = [
            "https://",
            "http://",
            "a",
            ".",
            "example.org",
            ":8443",
            "@",
            "#",
            "/",
            "evil",
            "*",
            "null",
            " ",
            "é",
        ];
        let origins = Origins::parse(["https://*.example.org"]).unwrap();
        let mut dice = Dice::new(9);
        let mut let_in = 0;
        for _ in 0..ROUNDS {
            let origin = format!("https://{}.example.org", text(&mut dice, &words, 4));
            if origins.contain(&origin) {
                let uri: http::Uri = origin.parse().unwrap();
                let host = uri.host().unwrap();
                assert!(host.ends_with(".example.org"), "{origin}");
                assert_eq!(uri.authority().unwrap().as_str(), host, "{origin}");
                let_in += 1;
            }
        }
        assert!(let_in > 1000 && let_in < ROUNDS / 2, "{let_in}");
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (origin, why) in [
            ("shop.example.org", "the scheme is missing"),
            ("https://shop.example.org/", "without a slash"),
            ("https://shop.example.org:http", "are numbers"),
            ("https://shop.example.org:443", "leave out the port"),
            ("https://", "needs a scheme and a host"),
            ("https://*", "below another"),
            ("https://a.*.org", "below another"),
            ("https://*.*.org", "below another"),
            ("null", "the scheme is missing"),
            ("", "the scheme is missing"),
        ] {
            let says = Origins::parse([origin]).unwrap_err();
            assert!(says.contains(why), "{says}");
        }
        assert!(Origins::parse::<&str>([]).is_err());
    }
}
