//! The flow within a flow.

use serde_json::json;

use super::files::lines;
use super::{NOBODY, Peer, flow, serve, stop};
use crate::curl::curl;
use crate::support::{Files, compysition};

const PRICES: &str = r#"
name: prices
settings: { listen: }
actors:
  http:  { http_server: { address: "${listen}" } }
  price: { set: { payload: { price: 3 } } }
connect: [http -> price -> reply]
"#;

#[test]
fn sub_answers_through_its_part_and_writes_down_what_it_said() {
    let prices = Peer::start(PRICES);
    let files = Files::new();
    let audit = files.path().join("audit.jsonl");
    let path = audit.display().to_string();
    let values = [("audit", &path[..]), ("price_url", &prices.url)];
    let (process, url) = serve("sub", &values);
    let url = format!("{url}/price");
    let answer = curl(&["--json", r#"{"item":"pen"}"#, &url]);
    let quoted = json!({ "item": "pen", "quote": { "price": 3 } });
    assert_eq!((answer.status, answer.json()), (200, quoted.clone()));
    let written: serde_json::Value = serde_json::from_str(&lines(&audit, 1)[0]).unwrap();
    assert_eq!(written, quoted);
    stop(process);

    let values = [("audit", &path[..]), ("price_url", NOBODY)];
    let (process, url) = serve("sub", &values);
    let answer = curl(&["--json", "{}", &format!("{url}/price")]);
    assert_eq!(answer.status, 503, "{answer:?}");
    stop(process);
    assert_eq!(lines(&audit, 1).len(), 1);
}

#[test]
fn a_part_by_itself_is_no_flow() {
    let part = flow("parts/pricing");
    let output = compysition(["check"]).arg(&part).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the setting `listen` is not given"), "{said}");
    assert!(said.contains("this is a port of a sub-flow"), "{said}");
}
