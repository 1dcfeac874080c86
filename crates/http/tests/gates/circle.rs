//! Whole circles: a client, a door, the actors between, and the answer.

use std::process::Command;

use compysition_core::{Built, Event, IntoActor, map};
use compysition_http::{HttpEvent, HttpServer};
use serde_json::json;

use crate::issuer::{Issuer, SECRET, file, seconds_from_now};
use crate::registry;
use crate::support::{ANYWHERE, Site, site};

/// Makes an actor as a flow file says it.
pub(crate) fn built(yaml: &str) -> Built {
    let built = compysition_flow::testing::actor(&registry(), yaml);
    built.unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// Starts `http -> gate -> step -> http`, where the door answers the errors of the gate.
pub(crate) async fn gated<Gate, Step>(
    gate: impl IntoActor<Gate>,
    step: impl IntoActor<Step>,
) -> Site {
    site(HttpServer::at(ANYWHERE), |director, http| {
        let gate = director.register("gate", gate);
        let step = director.register("step", step);
        director.connect(http, gate);
        director.connect(gate, step);
        director.connect_error(gate, http);
        director.connect(step, http);
    })
    .await
}

/// Runs curl with these arguments and a path of the site; returns its whole output.
async fn curl(site: &Site, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--max-time", "20", "--include"]);
    command.args(arguments);
    command.arg(format!("http://localhost:{}/orders", site.address.port()));
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_token_opens_the_door() {
    let gate = format!("jwt_auth: {{ secret: '{SECRET}', scope: read, realm: orders }}");
    let greet = map(|event: Event| {
        let known = json!({
            "user": event.lookup("attributes.user"), "tenant": event.lookup("attributes.claims.tenant"),
            "token": event.http().header("authorization"),
        });
        event.with(known)
    });
    let site = gated(built(&gate), greet).await;
    let ask = async |scope: &str, expires: i64| {
        let claims =
            json!({"sub": "ada", "tenant": 7, "scope": scope, "exp": seconds_from_now(expires)});
        let token = Issuer::Secret(SECRET).token(json!({"alg": "HS256"}), claims);
        site.ask(
            &format!("GET /\naccept: application/json\nauthorization: Bearer {token}"),
            "",
        )
        .await
    };
    let answer = ask("read", 60).await;
    assert_eq!(
        answer.json(),
        json!({"user": "ada", "tenant": 7, "token": null})
    );
    let answer = ask("write", 60).await;
    assert_eq!(
        (answer.status, &answer.json()["errors"][0]["code"]),
        (403, &json!("forbidden"))
    );
    let answer = ask("read", -60).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    let wanted = r#"Bearer realm="orders", error="invalid_token", error_description="the token has expired""#;
    assert_eq!(challenge, wanted);
    let body = answer.json();
    assert_eq!(body["errors"][0]["message"], "the token has expired");
    assert_eq!(body["errors"][0].get("challenge"), None);
    let answer = site.ask("GET /", "").await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="orders""#)
    );
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_session_is_kept_by_curl() {
    let jar = file("cookies.txt", "");
    let jar = jar.to_str().unwrap();
    let secret = format!("name: session, secret: '{SECRET}'");
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        let check = director.register(
            "check",
            built(&format!("cookie_check: {{ {secret}, missing: login }}")),
        );
        let login = director.register(
            "login",
            built(&format!(
                "cookie: {{ {secret}, value: '{{{{ text }}}}', max_age: 1h, secure: false }}"
            )),
        );
        let theme = director.register(
            "theme",
            built("cookie: { name: theme, value: dark, secure: false }"),
        );
        let greet = map(|event: Event| {
            let who = event.lookup("attributes.cookies.session").unwrap();
            event.with(format!("welcome back, {}", who.as_str().unwrap()))
        });
        let greet = director.register("greet", greet);
        director.connect(http, check);
        director.connect((check, "login"), login);
        director.connect(login, theme);
        director.connect(theme, http);
        director.connect((check, "greet"), greet);
        director.connect(greet, http);
    })
    .await;
    let come = async |body: &str| {
        let plain = "content-type: text/plain";
        curl(&site, &["-b", jar, "-c", jar, "-H", plain, "-d", body]).await
    };
    let first = come("Ada; the first").await;
    let set = |name: &str| {
        let mut lines = first.lines();
        lines.any(|line| {
            line.to_lowercase()
                .starts_with(&format!("set-cookie: {name}="))
        })
    };
    assert!(set("session") && set("theme"), "{first}");
    let second = come("who?").await;
    assert!(second.ends_with("welcome back, Ada; the first"), "{second}");
    let forged = [
        "-b",
        "session=Eve..AAAA",
        "-d",
        "Eve",
        "-H",
        "content-type: text/plain",
    ];
    assert!(curl(&site, &forged).await.ends_with("\r\n\r\nEve"));
    std::fs::remove_file(jar).unwrap();
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn who_asks_too_often_must_wait() {
    let gate = "rate_limit: { rate: 1/h, burst: 2, headers: true }";
    let site = gated(built(gate), map(|event: Event| event.with("taken"))).await;
    let first = curl(&site, &[]).await;
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    assert!(first.contains("ratelimit-remaining: 1"), "{first}");
    assert!(curl(&site, &[]).await.starts_with("HTTP/1.1 200"));
    let third = curl(&site, &[]).await;
    assert!(third.starts_with("HTTP/1.1 429"), "{third}");
    assert!(third.contains("retry-after: 3600\r\n"), "{third}");
    site.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn rest_has_the_last_word() {
    let site = site(HttpServer::at(ANYWHERE), |director, http| {
        let step = map(
            |event: Event| match event.http().method().unwrap().as_str() {
                "POST" => event.with_attribute("entity_id", 7).with(json!({"id": 7})),
                _ => event.with(()),
            },
        );
        let step = director.register("step", step);
        let rest = director.register("rest", built("rest"));
        director.connect(http, step);
        director.connect(step, rest);
        director.connect(rest, http);
    })
    .await;
    let made = site.ask("POST /orders", "x").await;
    assert_eq!(
        (made.status, made.header("location")),
        (201, Some("/orders/7"))
    );
    assert_eq!(made.json(), json!({"id": 7}));
    let gone = site.ask("DELETE /orders/7", "").await;
    assert_eq!((gone.status, gone.body.as_str()), (204, ""));
    assert_eq!(gone.header("location"), None::<&str>);
    site.stop().await;
}
