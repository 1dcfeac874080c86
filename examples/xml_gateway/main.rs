//! Program A in Rust: the XML gateway, with an executor of its own.
//!
//! Run it with `cargo run --example xml_gateway --features full`, then
//! `curl -u alice:secret -H 'Content-Type: application/xml' --data '<order><item>book</item><count>2</count></order>' http://127.0.0.1:8080/submit`.

use std::collections::{BTreeMap, HashMap};

use compysition::http::{BasicAuth, HttpServer};
use compysition::xml::{XPath, Xslt, evaluate};
use compysition::{Actor, Context, Director, Error, Event, Result, Xml};

/// Executes a request: looks the article's price up and multiplies.
struct RequestExecutor {
    /// Prices in cents by article.
    prices: HashMap<&'static str, u64>,
    article: XPath,
    quantity: XPath,
}

impl RequestExecutor {
    fn new() -> Result<RequestExecutor> {
        let no_prefixes = BTreeMap::new();
        Ok(RequestExecutor {
            prices: HashMap::from([("book", 1250), ("pen", 90)]),
            article: XPath::new("/request/article", &no_prefixes)?,
            quantity: XPath::new("/request/quantity", &no_prefixes)?,
        })
    }
}

impl Actor for RequestExecutor {
    async fn consume(&mut self, event: Event, ctx: &Context) -> Result {
        let article = evaluate(&self.article, event.payload())?.to_text();
        let quantity = evaluate(&self.quantity, event.payload())?.to_text();
        let quantity: u64 = quantity
            .parse()
            .map_err(|_| Error::malformed(format!("`{quantity}` is no quantity")))?;
        let price = self
            .prices
            .get(article.as_str())
            .ok_or_else(|| Error::malformed(format!("there is no price for '{article}'")))?;
        let total = price
            .checked_mul(quantity)
            .ok_or_else(|| Error::unprocessable("more than anybody can pay"))?;
        let response = format!(
            "<response><article>{article}</article><total>{}.{:02}</total></response>",
            total / 100,
            total % 100
        );
        ctx.send(event.with(Xml::from_text(response)))
    }
}

#[tokio::main]
async fn main() -> Result {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/xml_gateway");
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8080".to_owned());

    let mut director = Director::new("submissions");

    let http = director.register("http", HttpServer::at(address));
    let auth = director.register(
        "auth",
        BasicAuth::from_file(format!("{files}/users.htpasswd"))?,
    );
    let submit_transform = director.register(
        "submit_transform",
        Xslt::from_file(format!("{files}/submit.xsl"))?,
    );
    let request_executor = director.register("request_executor", RequestExecutor::new()?);
    let acknowledge_transform = director.register(
        "acknowledge_transform",
        Xslt::from_file(format!("{files}/acknowledge.xsl"))?,
    );

    director.connect(http, auth);
    director.connect(auth, submit_transform);
    director.connect_error(auth, http); // answered with 401
    director.connect(submit_transform, request_executor);
    director.connect_error(submit_transform, http); // answered with 400
    director.connect(request_executor, acknowledge_transform);
    director.connect_error(request_executor, http);
    director.connect(acknowledge_transform, http);

    director.run().await
}
