//! What a client says of itself in the header `Authorization`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compysition_core::{Error, Event, Result};
use http::header::AUTHORIZATION;

use crate::HttpEvent;
use crate::exchange::{Exchange, HTTP};

/// A user name and a password. It cannot be printed, so that no log shows the password.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Credentials {
    /// Takes the credentials from the request that the event came by.
    ///
    /// # Errors
    /// Unauthorized, if there are none or they cannot be read.
    pub(crate) fn of(event: &Event) -> Result<Credentials> {
        let http = event.http();
        let header = http.header(AUTHORIZATION.as_str());
        let header = header.ok_or_else(|| Error::unauthorized("the request has no credentials"))?;
        Credentials::parse(&header).ok_or_else(|| {
            Error::unauthorized("the header authorization is no `Basic` one, or is damaged")
        })
    }

    fn parse(header: &str) -> Option<Credentials> {
        let (scheme, encoded) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some(Credentials {
            user: user.to_owned(),
            password: password.to_owned(),
        })
    }
}

/// Makes sure that nobody further down the flow sees the header, nor any log.
pub(crate) fn hide(event: &mut Event) {
    if let Some(exchange) = event.extension::<Exchange>(HTTP) {
        if exchange.header(AUTHORIZATION.as_str()).is_some() {
            let hidden = Exchange {
                hides_credentials: true,
                ..exchange.clone()
            };
            event.set_extension(HTTP, Arc::new(hidden));
        }
        return;
    }
    let Some(mut http) = event.attribute(HTTP).map(|http| http.into_owned()) else {
        return;
    };
    if let Some(headers) = http
        .get_mut("headers")
        .and_then(|headers| headers.as_object_mut())
    {
        headers.retain(|name, _| !name.eq_ignore_ascii_case(AUTHORIZATION.as_str()));
    }
    event.set_attribute(HTTP, http);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use compysition_core::testing::{Dice, within};

    use super::*;
    use serde_json::json;

    #[test]
    fn reads_what_clients_send() {
        let read = |header| Credentials::parse(header).map(|it| (it.user, it.password));
        let ada = Some(("ada".to_owned(), "p:w".to_owned()));
        assert_eq!(read("Basic YWRhOnA6dw=="), ada);
        assert_eq!(read("basic  YWRhOnA6dw== "), ada);
        assert_eq!(read("Bearer YWRhOnA6dw=="), None);
        assert_eq!(read("Basic YWRh"), None);
        assert_eq!(read("Basic ?"), None);
        assert_eq!(read("Basic"), None);
    }

    #[test]
    fn hides_them_in_json_too() {
        let mut event = Event::new(());
        event.set_attribute(
            HTTP,
            json!({"path": "/", "headers": {"Authorization": "Basic YTpi", "x": "1"}}),
        );
        hide(&mut event);
        assert_eq!(
            *event.attribute(HTTP).unwrap(),
            json!({"path": "/", "headers": {"x": "1"}})
        );
    }

    #[test]
    fn any_header_is_read_or_is_none() {
        const ROUNDS: usize = 100_000;
        let words = [
            "Basic ", "basic", " ", "\t", "YWRhOnB3", "=", "Og==", "é", "\u{0}", "Bearer", ":",
        ];
        let mut dice = Dice::new(43);
        let (good, bad) = within(Duration::from_secs(60), 32 << 20, || {
            let (mut good, mut bad) = (0, 0);
            for _ in 0..ROUNDS {
                let mut header = b"Basic YWRhOnB3".to_vec();
                dice.damage(&mut header, &words);
                match Credentials::parse(&String::from_utf8_lossy(&header)) {
                    Some(_) => good += 1,
                    None => bad += 1,
                }
            }
            (good, bad)
        });
        assert!(good > 1000 && bad > 1000, "{good} good, {bad} bad");
    }
}
