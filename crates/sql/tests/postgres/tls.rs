//! TLS: whom the client takes for the server.

use serde_json::json;

use crate::cluster::{Cluster, cluster};
use crate::common::{ask, not_started};

const ENCRYPTED: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

fn with_user(cluster: &Cluster, name: &str) -> impl Fn(&str, &str) -> String {
    ask(
        &cluster.url(),
        &format!("create role {name} login superuser password 's3cret'"),
    );
    let (name, port) = (name.to_owned(), cluster.port);
    move |host, settings| format!("postgres://{name}:s3cret@{host}:{port}/postgres?{settings}")
}

#[test]
fn a_connection_is_encrypted_as_the_url_says() {
    let cluster = cluster();
    let url = with_user(&cluster, "careful");
    let trusted = format!("sslrootcert={}", cluster.certificate.display());
    for (settings, encrypted) in [
        ("sslmode=disable".to_owned(), false),
        (String::new(), true),
        ("sslmode=require".to_owned(), true),
        (format!("sslmode=verify-ca&{trusted}"), true),
    ] {
        assert_eq!(
            ask(&url("127.0.0.1", &settings), ENCRYPTED),
            json!([{ "ssl": encrypted }]),
            "{settings}"
        );
    }
    let full = format!("sslmode=verify-full&{trusted}");
    assert_eq!(
        ask(&url("localhost", &full), ENCRYPTED),
        json!([{ "ssl": true }])
    );
}

#[test]
fn a_server_with_another_certificate_is_refused() {
    let cluster = cluster();
    let url = with_user(&cluster, "wary");
    let trusted = format!("sslrootcert={}", cluster.certificate.display());
    for (host, settings) in [
        ("127.0.0.1", format!("sslmode=verify-full&{trusted}")),
        ("localhost", "sslmode=verify-full".to_owned()),
        ("localhost", "sslmode=verify-ca".to_owned()),
    ] {
        let error = not_started(json!({ "url": url(host, &settings), "query": ENCRYPTED }));
        assert!(
            error.contains("cannot be used") && error.contains("certificate"),
            "{settings}: {error}"
        );
        assert!(!error.contains("s3cret"), "{error}");
    }
}
