//! Which copy of a file a client has already.

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use compysition_core::Event;
use http::{HeaderName, header};

use crate::http_event::HttpEvent;

/// What tells one content of a file from another.
pub(super) struct Version {
    pub(super) tag: String,
    modified: SystemTime,
}

impl Version {
    pub(super) fn of(metadata: &Metadata) -> Version {
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        Version {
            tag: format!("\"{:x}-{:x}\"", since.as_nanos(), metadata.len()),
            // Headers know no parts of seconds.
            modified: UNIX_EPOCH + Duration::from_secs(since.as_secs()),
        }
    }

    /// Returns the time of the last change, as headers have it.
    pub(super) fn date(&self) -> String {
        httpdate::fmt_http_date(self.modified)
    }
}

/// What the request says of the copy that the client has.
#[derive(Default)]
pub(super) struct Conditions {
    none_match: Option<String>,
    modified_since: Option<String>,
    if_range: Option<String>,
}

impl Conditions {
    pub(super) fn of(event: &Event) -> Conditions {
        let http = event.http();
        let header = |name: HeaderName| http.header(name.as_str()).map(|it| it.into_owned());
        Conditions {
            none_match: header(header::IF_NONE_MATCH),
            modified_since: header(header::IF_MODIFIED_SINCE),
            if_range: header(header::IF_RANGE),
        }
    }

    /// Returns whether the client has this version.
    pub(super) fn have(&self, version: &Version) -> bool {
        if let Some(tags) = &self.none_match {
            let is_same = |tag: &str| {
                let tag = tag.trim();
                tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == version.tag
            };
            return tags.split(',').any(is_same);
        }
        let since = self.modified_since.as_deref();
        let since = since.and_then(|date| httpdate::parse_http_date(date.trim()).ok());
        since.is_some_and(|since| version.modified <= since)
    }

    /// Returns whether a part of this version fits to what the client has of it.
    pub(super) fn fit(&self, version: &Version) -> bool {
        let Some(condition) = self.if_range.as_deref().map(str::trim) else {
            return true;
        };
        condition == version.tag || condition == version.date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn version() -> Version {
        Version {
            tag: "\"a-1\"".into(),
            modified: httpdate::parse_http_date(THEN).unwrap(),
        }
    }

    #[test]
    fn tags_go_before_dates() {
        let have = |tag: Option<&str>, date: Option<&str>| {
            let conditions = Conditions {
                none_match: tag.map(str::to_owned),
                modified_since: date.map(str::to_owned),
                if_range: None,
            };
            conditions.have(&version())
        };
        assert!(have(Some("\"b\", W/\"a-1\""), None));
        assert!(have(Some("*"), None));
        assert!(!have(Some("\"b\""), Some(THEN)));
        assert!(!have(Some("a-1"), None));
        assert!(have(None, Some(THEN)));
        assert!(!have(None, Some("Sun, 06 Nov 1994 08:49:36 GMT")));
        assert!(!have(None, Some("yesterday")));
        assert!(!have(None, None));
    }

    #[test]
    fn parts_are_of_the_same_version_only() {
        let fit = |condition: &str| {
            let conditions = Conditions {
                if_range: Some(condition.to_owned()),
                ..Conditions::default()
            };
            conditions.fit(&version())
        };
        assert!(Conditions::default().fit(&version()));
        assert!(fit("\"a-1\"") && fit(THEN));
        assert!(!fit("W/\"a-1\"") && !fit("\"b\"") && !fit("Sun, 06 Nov 1994 08:49:38 GMT"));
    }
}
