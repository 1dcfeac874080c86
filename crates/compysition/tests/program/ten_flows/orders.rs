//! SOAP orders: two systems are asked before a third gets the order.

use std::process::Command;

use super::{NOBODY, Peer, flow, sets, stop};
use crate::curl::{Answer, curl};
use crate::support::{Files, Process, compysition};

const CRM: &str = r#"
name: crm
settings: { listen: }
actors:
  http: { http_server: { address: "${listen}", routes: { customer: "GET /customers/{id}" } } }
  known: { filter: { condition: "attributes.id == 'c1'", otherwise: unknown } }
  found: { set: { payload: { id: "{{ attributes.id }}", name: Ann } } }
  missing: { set: { http.status: 404, payload: nobody } }
connect:
  - http.customer -> known -> found -> reply
  - known.unknown -> missing -> reply
"#;

/// A database with a limit for one customer, made by Python's own SQLite.
fn database(files: &Files) -> String {
    let path = files.path().join("credit.db");
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); \
        db.execute('create table credit (id text, max integer)'); \
        db.execute('insert into credit values (?, ?)', ('c1', 900)); db.commit()";
    let made = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    format!("sqlite:{}", path.display())
}

fn serve(files: &Files, database: &str, crm: &str, erp: &str) -> (Process, String) {
    let sets = sets(&[
        ("listen", "127.0.0.1:0"),
        ("crm_url", &format!("{crm}/")),
        ("erp_url", erp),
        ("folder", &files.path().display().to_string()),
    ]);
    let mut command = compysition(["run", "--log", "json"]);
    command.env("DB", database);
    let mut process = Process::start(command.arg(flow("soap_orders")).args(sets));
    let url = process.url();
    (process, url)
}

fn order(url: &str, user: &str, customer: &str, item: &str) -> Answer {
    let body = format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>\
         <Order xmlns='urn:order:1' customer='{customer}'>{item}</Order></s:Body></s:Envelope>"
    );
    let url = format!("{url}/orders");
    curl(&[
        "--user",
        user,
        "--header",
        "content-type: text/xml",
        "--data",
        &body,
        &url,
    ])
}

const GOOD: &str = "<Item>pen</Item>";

#[test]
fn soap_orders_are_checked_enriched_and_handed_on() {
    let files = Files::new();
    let database = database(&files);
    let (crm, mut erp) = (Peer::start(CRM), Peer::echo());
    let (process, url) = serve(&files, &database, &crm.url, &erp.url);
    let answer = order(&url, "alice:secret", "c1", GOOD);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(
        erp.next(),
        r#"<order customer="c1" limit="900"><item>pen</item></order>"#
    );
    // Who is not known has no limit.
    assert_eq!(order(&url, "alice:secret", "c2", GOOD).status, 200);
    assert_eq!(
        erp.next(),
        r#"<order customer="c2" limit="0"><item>pen</item></order>"#
    );

    let answer = order(&url, "alice:wrong", "c1", GOOD);
    assert_eq!(answer.status, 401, "{answer:?}");
    assert!(answer.body.contains("Fault>"), "{answer:?}");
    let answer = order(&url, "alice:secret", "c1", "<Thing/>");
    // A fault of SOAP 1.1 is 500, whoever is to blame.
    assert_eq!(answer.status, 500, "{answer:?}");
    let is_told = answer.body.contains("s:Client") && answer.body.contains("Thing");
    assert!(is_told, "{answer:?}");
    assert_eq!(curl(&[&format!("{url}/health")]).status, 200);
    stop(process);

    for (crm, erp) in [(NOBODY, &erp.url[..]), (&crm.url[..], NOBODY)] {
        let (process, url) = serve(&files, &database, crm, erp);
        let answer = order(&url, "alice:secret", "c1", GOOD);
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(answer.body.contains("s:Server"), "{answer:?}");
        stop(process);
    }
}
