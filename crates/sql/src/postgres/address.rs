//! The address of a server.

use std::path::PathBuf;

use compysition_core::Surroundings;
use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::{Tls, Trust};

/// Where a server is, and how to talk to it.
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) tls: Tls,
    /// What messages call it: host, port and database.
    pub(super) name: String,
}

const UNREADABLE: &str = "`url` cannot be read: write `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, \
    special characters in it as `%40` and the like, and behind a `?` only settings that PostgreSQL's programs know";

impl Address {
    /// Reads a url. `sslmode` and `sslrootcert` mean what they do to PostgreSQL's own programs.
    ///
    /// # Errors
    /// What is wrong with it, without showing it.
    pub(super) fn new(url: &str) -> Result<Address, String> {
        let (base, settings) = url.rsplit_once('?').unwrap_or((url, ""));
        let (mut mode, mut certificates) = (None, None);
        let mut others = Vec::new();
        for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
            match setting.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => certificates = Some(value),
                _ => others.push(setting),
            }
        }
        let rest = match others.is_empty() {
            true => base.to_owned(),
            false => format!("{base}?{}", others.join("&")),
        };
        // What it says about its mistakes may be a part of the password.
        let mut config: Config = rest.parse().map_err(|_| UNREADABLE.to_owned())?;
        let certificates = match certificates {
            None | Some("system") => None,
            Some(path) => {
                let path = percent_decode_str(path).decode_utf8();
                let path = PathBuf::from(&*path.map_err(|_| UNREADABLE)?);
                Some(Surroundings::current().base.join(path))
            }
        };
        let (mode, trust) = match (mode.unwrap_or("prefer"), &certificates) {
            ("disable", _) => (SslMode::Disable, Trust::Anyone),
            ("prefer", _) => (SslMode::Prefer, Trust::Anyone),
            ("require", None) => (SslMode::Require, Trust::Anyone),
            ("require" | "verify-ca", _) => (SslMode::Require, Trust::Signed),
            ("verify-full", _) => (SslMode::Require, Trust::Named),
            _ => {
                return Err("`sslmode` in `url` is `disable`, `prefer`, `require`, `verify-ca` or `verify-full`".into());
            }
        };
        config.ssl_mode(mode);
        if config.get_application_name().is_none() {
            config.application_name("compysition");
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(
                "`url` names no host: write `postgres://USER:PASSWORD@HOST/DATABASE`".into(),
            );
        }
        Ok(Address {
            name: name(&config),
            tls: Tls::new(trust, certificates.as_deref())?,
            config,
        })
    }
}

fn name(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config
            .get_hostaddrs()
            .first()
            .map(|at| at.to_string())
            .unwrap_or_default(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("{host}:{port}/{database}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(url: &str) -> String {
        Address::new(url).err().unwrap_or_default()
    }

    #[test]
    fn an_address_has_a_name_without_its_password() {
        let address =
            Address::new("postgres://me:s%40cret@db.example.org:5433/orders?sslmode=disable")
                .unwrap();
        assert_eq!(address.name, "db.example.org:5433/orders");
        assert_eq!(address.config.get_password(), Some(&b"s@cret"[..]));
        // A password may have a question mark in it that nobody wrote as `%3F`.
        let address = Address::new("postgres://me:a?b@host/db?sslmode=disable").unwrap();
        assert_eq!(address.config.get_password(), Some(&b"a?b"[..]));
        assert_eq!(address.config.get_ssl_mode(), SslMode::Disable);
        let socket = Address::new("postgresql:///orders?host=/run/postgresql&user=me").unwrap();
        assert_eq!(socket.name, "/run/postgresql:5432/orders");
    }

    #[test]
    fn mistakes_are_told_without_the_password() {
        for url in [
            "postgres://me:secret@host:port/db",
            "postgres://me:secret@host/db?secret=1",
            "postgres://me:secret@host/db?sslmode=secret",
            "postgres://me:secret@host/db?sslmode=verify-full&sslrootcert=/no/such/file",
        ] {
            let mistake = mistake(url);
            assert!(
                mistake.contains("`url`") || mistake.contains("/no/such/file"),
                "{url}: {mistake}"
            );
            assert!(!mistake.contains("sec"), "{mistake}");
        }
        assert!(mistake("postgres:///db").contains("no host"));
    }
}
