//! What scripts of other origins may do.

use compysition_core::{Error, Event, map};
use compysition_http::{Cors, HttpEvent, HttpServer};

use crate::support::{ANYWHERE, Site, circle, site};

const PAGE: &str = "https://shop.example.org";

fn echo(event: Event) -> Event {
    event
}

/// `http.orders -> step -> http`, where the step refuses `bad`.
async fn shop(server: HttpServer) -> Site {
    site(
        server.route("orders", "GET, POST /orders"),
        |director, http| {
            let step = director.register(
                "step",
                map(|mut event: Event| {
                    if event.text()? == "bad" {
                        return Err(Error::malformed("that is bad"));
                    }
                    event.set_response_header("access-control-allow-origin", "https://own.org")?;
                    event.set_response_header("vary", "accept")?;
                    Ok(event)
                }),
            );
            director.connect((http, "orders"), step);
            director.connect(step, http);
        },
    )
    .await
}

fn preflight(origin: &str, method: &str, headers: &str) -> String {
    let mut head =
        format!("OPTIONS /orders\norigin: {origin}\naccess-control-request-method: {method}");
    if !headers.is_empty() {
        head.push_str(&format!("\naccess-control-request-headers: {headers}"));
    }
    head
}

#[tokio::test]
async fn a_browser_is_given_leave() {
    let cors = Cors::of([PAGE]).unwrap();
    let site = shop(HttpServer::at(ANYWHERE).cors(cors)).await;
    let given = site
        .fetch(preflight(PAGE, "POST", "content-type, x-tenant"), b"")
        .await;
    assert_eq!(given.status(), 204, "{given:?}");
    let header = |name| given.header(name);
    assert_eq!(header("access-control-allow-origin"), Some(PAGE));
    assert_eq!(header("access-control-allow-methods"), Some("POST"));
    assert_eq!(
        header("access-control-allow-headers"),
        Some("content-type, x-tenant")
    );
    assert_eq!(header("access-control-max-age"), Some("600"));
    assert_eq!(header("access-control-allow-credentials"), None);
    let headers = given.head.headers.iter();
    let vary: Vec<_> = headers
        .filter(|(name, _)| name == "vary")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(
        vary,
        [
            "access-control-request-method",
            "access-control-request-headers",
            "origin"
        ]
    );
    // No event was made of it.
    assert_eq!(site.flow.snapshot().actors[1].consumed, 0);
    site.stop().await;
}

#[tokio::test]
async fn what_is_not_allowed_is_refused() {
    let cors = Cors::of([PAGE, "https://*.partner.org"])
        .unwrap()
        .methods(["POST"])
        .unwrap()
        .headers(["X-Tenant"])
        .unwrap();
    let site = shop(HttpServer::at(ANYWHERE).cors(cors)).await;
    let ask = async |origin: &str, method: &str, headers: &str| {
        let answer = site.fetch(preflight(origin, method, headers), b"").await;
        let allowed = answer.header("access-control-allow-origin");
        assert_eq!(allowed.is_some(), !origin.contains("evil"), "{answer:?}");
        assert!(answer.header("vary").is_some());
        (answer.status(), answer.text().to_owned())
    };
    assert_eq!(
        ask("https://a.partner.org", "POST", "x-tenant").await.0,
        204
    );
    assert_eq!(ask(PAGE, "POST", "").await.0, 204);
    let (status, text) = ask("https://evil.org", "POST", "").await;
    assert_eq!(status, 403);
    assert_eq!(text, "pages of this origin may not call this server\n");
    let (status, text) = ask("https://shop.example.org.evil.org", "POST", "").await;
    assert_eq!((status, text.is_empty()), (403, false));
    let (status, text) = ask(PAGE, "GET", "").await;
    assert_eq!(status, 403);
    assert!(text.contains("the method GET"), "{text}");
    let (status, text) = ask(PAGE, "POST", "x-tenant, authorization").await;
    assert_eq!(status, 403);
    assert!(text.contains("the header authorization"), "{text}");
    // No route takes it.
    assert_eq!(ask(PAGE, "DELETE", "").await.0, 405);
    let nowhere = preflight(PAGE, "POST", "").replace("/orders", "/nowhere");
    assert_eq!(site.fetch(&nowhere, b"").await.status(), 404);
    site.stop().await;
}

#[tokio::test]
async fn answers_and_errors_say_who_may_see_them() {
    let cors = Cors::of([PAGE]).unwrap().with_credentials().unwrap();
    let cors = cors.expose(["x-correlation-id", "etag"]).unwrap();
    let site = shop(HttpServer::at(ANYWHERE).cors(cors)).await;
    for (body, status) in [("good", 200), ("bad", 400)] {
        let head = format!("POST /orders\norigin: {PAGE}");
        let seen = site.fetch(&head, body.as_bytes()).await;
        assert_eq!(seen.status(), status);
        assert_eq!(seen.header("access-control-allow-origin"), Some(PAGE));
        assert_eq!(
            seen.header("access-control-allow-credentials"),
            Some("true")
        );
        let exposed = seen.header("access-control-expose-headers");
        assert_eq!(exposed, Some("x-correlation-id, etag"));
    }
    // Others get their answer as well: they may be no browser, or a page of this very server.
    for origin in ["", "\norigin: https://evil.org", "\norigin: null"] {
        let seen = site.fetch(format!("POST /orders{origin}"), b"x").await;
        assert_eq!(seen.status(), 200);
        assert_eq!(seen.header("access-control-allow-origin"), None);
        assert_eq!(seen.header("access-control-allow-credentials"), None);
        let mut headers = seen.head.headers.iter();
        assert!(headers.any(|(name, value)| name == "vary" && value == "origin"));
    }
    let two = format!("POST /orders\norigin: {PAGE}\norigin: https://evil.org");
    let seen = site.fetch(&two, b"x").await;
    assert_eq!(seen.header("access-control-allow-origin"), None);
    site.stop().await;
}

#[tokio::test]
async fn for_every_page_there_is_one_answer() {
    let server = HttpServer::at(ANYWHERE).cors(Cors::of(["*"]).unwrap());
    let site = circle(server, map(echo)).await;
    let seen = site.fetch("GET /x\norigin: null", b"").await;
    assert_eq!(seen.header("access-control-allow-origin"), Some("*"));
    assert_eq!(seen.header("vary"), None);
    // Without routes a flow may still take OPTIONS that ask for no leave.
    let own = site.fetch("OPTIONS /x\norigin: https://a.org", b"hi").await;
    assert_eq!((own.status(), own.text()), (200, "hi"));
    site.stop().await;
}

#[tokio::test]
async fn without_the_setting_nothing_is_said() {
    let site = shop(HttpServer::at(ANYWHERE)).await;
    let refused = site.fetch(preflight(PAGE, "POST", ""), b"").await;
    assert_eq!(refused.status(), 204);
    assert_eq!(refused.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(refused.header("access-control-allow-origin"), None);
    let seen = site.fetch(format!("POST /orders\norigin: {PAGE}"), b"x");
    let seen = seen.await;
    // What the flow says itself is passed on.
    let own = seen.header("access-control-allow-origin");
    assert_eq!(own, Some("https://own.org"));
    site.stop().await;
}
