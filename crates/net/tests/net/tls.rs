//! Encrypted connections, and who may make them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use compysition_core::ErrorKind;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};

use crate::site::Site;
use crate::tcp_out::{failure, sending};

/// The files of an authority, and of what it has signed.
struct Files {
    name: &'static str,
    authority: Issuer<'static, KeyPair>,
}

impl Files {
    fn new(name: &'static str) -> Files {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, format!("authority {name}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let files = Files {
            name,
            authority: Issuer::new(params, key),
        };
        fs::write(files.path("ca"), certificate.pem()).unwrap();
        files
    }

    fn path(&self, what: &str) -> PathBuf {
        let file = format!("net.{}.{what}.pem", self.name);
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file)
    }

    /// Makes a certificate for a name.
    fn identity(&self, name: &str) -> Value {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let signed = params.signed_by(&key, &self.authority).unwrap();
        let (certificate, file) = (self.path(name), self.path(&format!("{name}.key")));
        fs::write(&certificate, signed.pem()).unwrap();
        fs::write(&file, key.serialize_pem()).unwrap();
        json!({ "certificate": certificate, "key": file })
    }
}

#[test]
fn frames_are_encrypted_for_who_is_trusted() {
    let files = Files::new("plain");
    let site = Site::tcp(json!({ "answer": true, "tls": files.identity("localhost") }));
    let address = format!("localhost:{}", site.address.port());
    let tls = json!({ "ca": files.path("ca") });
    let mut harness = sending(json!({ "address": address, "reply": true, "tls": tls }));
    harness.send("hello");
    harness.send("again");
    assert_eq!(harness.take()[1].text().unwrap(), "again");
    assert_eq!(site.next().from["tls"], true);
    harness.stop();

    // The server is another one, or nobody whom we know.
    let wrong = json!({ "ca": files.path("ca"), "name": "example.org" });
    for tls in [wrong, json!({})] {
        let mut harness = sending(json!({ "address": address, "tls": tls }));
        harness.send("x");
        let error = failure(&mut harness);
        assert_eq!(error.kind(), ErrorKind::BadGateway, "{error}");
        assert!(
            error
                .message()
                .starts_with("no secure connection to localhost:"),
            "{error}"
        );
    }
    // A client that does not encrypt is sent away.
    let mut client = site.client();
    client.say("hello\n");
    let _ = client.0.get_ref().shutdown(std::net::Shutdown::Write);
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut client.0, &mut rest);
    assert!(!rest.windows(5).any(|bytes| bytes == b"hello"));
    site.stop();
}

#[test]
fn clients_prove_themselves_by_certificates() {
    let (files, strangers) = (Files::new("mutual"), Files::new("strangers"));
    let mut tls = files.identity("localhost");
    tls["client_ca"] = json!(files.path("ca"));
    let site = Site::tcp(json!({ "acknowledge": "ok", "tls": tls }));
    let address = format!("localhost:{}", site.address.port());
    let send = |identity: Value| {
        let mut tls = identity;
        tls["ca"] = json!(files.path("ca"));
        let mut harness = sending(json!({ "address": address, "reply": true, "tls": tls }));
        harness.send("hello");
        harness.stop();
        harness.take().len()
    };
    assert_eq!(send(files.identity("client")), 1);
    assert_eq!(site.next().text(), "hello");
    assert_eq!(send(strangers.identity("client")), 0);
    assert_eq!(send(json!({})), 0);
    assert!(site.has_seen_all());
    site.stop();
}

#[test]
fn pythons_openssl_speaks_with_it() {
    let files = Files::new("openssl");
    let site = Site::tcp(json!({ "answer": true, "tls": files.identity("localhost") }));
    let script = "import socket, ssl, sys\n\
        c = ssl.create_default_context(cafile=sys.argv[2])\n\
        c.verify_flags &= ~getattr(ssl, 'VERIFY_X509_STRICT', 0)\n\
        s = c.wrap_socket(socket.create_connection(('127.0.0.1', int(sys.argv[1])), 60), server_hostname='localhost')\n\
        s.sendall(b'one\\ntwo\\n')\n\
        f = s.makefile()\n\
        print(s.version(), f.readline().strip(), f.readline().strip())\n";
    let output = Command::new("python3")
        .args(["-c", script])
        .arg(site.address.port().to_string())
        .arg(files.path("ca"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "TLSv1.3 one two\n"
    );
    site.stop();
}
