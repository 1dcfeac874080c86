//! Scatter and saga: what is asked several ways, and what can be taken back.

use serde_json::json;

use super::{NOBODY, Peer, serve, stop};
use crate::curl::{Answer, curl};

const OFFERS: &str = r#"
name: offers
settings: { listen: }
actors:
  http: { http_server: { address: "${listen}", routes: { a: POST /a, b: POST /b, c: POST /c } } }
  a: { set: { payload: { price: 3 } } }
  b: { set: { payload: { price: 4 } } }
  c: { set: { payload: { price: 5 } } }
connect:
  - http.a -> a -> reply
  - http.b -> b -> reply
  - http.c -> c -> reply
"#;

fn post(url: &str, body: &str) -> Answer {
    curl(&["--json", body, url])
}

#[test]
fn scatter_is_answered_with_what_came() {
    let offers = Peer::start(OFFERS);
    let [a, b, c] = ["a", "b", "c"].map(|path| format!("{}/{path}", offers.url));
    let (process, url) = serve("scatter", &[("a_url", &a), ("b_url", &b), ("c_url", &c)]);
    let answer = post(&url, "{}");
    let all = json!({ "a": { "price": 3 }, "b": { "price": 4 }, "c": { "price": 5 } });
    assert_eq!((answer.status, answer.json()), (200, all));
    stop(process);

    let (process, url) = serve(
        "scatter",
        &[("a_url", NOBODY), ("b_url", &b), ("c_url", &c)],
    );
    let answer = post(&url, "{}");
    let two = json!({ "b": { "price": 4 }, "c": { "price": 5 } });
    assert_eq!((answer.status, answer.json()), (200, two));
    stop(process);

    let down = [("a_url", NOBODY), ("b_url", NOBODY), ("c_url", NOBODY)];
    let (process, url) = serve("scatter", &down);
    assert_eq!(post(&url, "{}").status, 503);
    stop(process);
}

/// Stock, payments and carriers in one; the carrier takes no glass.
const SHOP: &str = r#"
name: shop
settings: { listen: }
actors:
  http:
    http_server:
      address: "${listen}"
      routes:
        reserve: POST /stock/reserve
        release: "DELETE /stock/{id}"
        pay: POST /pay
        refund: "DELETE /pay/{id}"
        ship: POST /ship
  reserved: { set: { payload: { id: r7 } } }
  paid:     { set: { payload: { id: p9 } } }
  carrier:  { filter: { condition: "payload.item != 'glass'", otherwise: glass } }
  refuse:   { set: { http.status: 422, payload: no glass } }
  shipped:  { set: { payload: { shipped: true } } }
  undone:   { stdout: { prefix: "undone " } }
  named:    { template: { inline: "{{ http.path }}" } }
connect:
  - http.reserve -> reserved -> reply
  - http.pay -> paid -> reply
  - http.ship -> carrier -> shipped -> reply
  - carrier.glass -> refuse -> reply
  - http.release, http.refund -> named -> undone -> reply
"#;

#[test]
fn saga_is_taken_back_step_by_step() {
    let mut shop = Peer::start(SHOP);
    let [stock, pay, ship] = ["stock", "pay", "ship"].map(|path| format!("{}/{path}", shop.url));
    let all = [
        ("stock_url", &stock[..]),
        ("pay_url", &pay),
        ("ship_url", &ship),
        ("delay", "10ms"),
    ];
    let (process, url) = serve("saga", &all);
    let buy = format!("{url}/buy");
    let answer = post(&buy, r#"{"item":"pen"}"#);
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "shipped": true }))
    );

    let answer = post(&buy, r#"{"item":"glass"}"#);
    assert_eq!(answer.status, 502, "{answer:?}");
    assert_eq!(
        [shop.next(), shop.next()],
        ["undone /pay/p9", "undone /stock/r7"]
    );
    stop(process);

    let without =
        |name: &'static str| all.map(|(own, url)| (own, if own == name { NOBODY } else { url }));
    let (process, url) = serve("saga", &without("pay_url"));
    let answer = post(&format!("{url}/buy"), r#"{"item":"pen"}"#);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(shop.next(), "undone /stock/r7");
    stop(process);

    let (process, url) = serve("saga", &without("ship_url"));
    let answer = post(&format!("{url}/buy"), r#"{"item":"pen"}"#);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(
        [shop.next(), shop.next()],
        ["undone /pay/p9", "undone /stock/r7"]
    );
    stop(process);

    let (process, url) = serve("saga", &without("stock_url"));
    let answer = post(&format!("{url}/buy"), r#"{"item":"pen"}"#);
    assert_eq!(answer.status, 503, "{answer:?}");
    stop(process);
}
