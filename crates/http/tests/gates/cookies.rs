//! Cookies that are set and asked for.

use compysition_core::testing::Harness;
use compysition_core::{ErrorKind, Event};
use compysition_http::{Cookie, CookieCheck, HttpEvent, MissingCookie, SameSite};
use serde_json::json;

use crate::{harness, pass, plan, request, wrong};

const SECRET: &str = "a secret of the tests, which is long enough for all";

/// Returns the cookies that an event sets.
fn set_by(event: &Event) -> Vec<String> {
    let headers = event.http().response_headers().into_owned();
    let cookies = headers.get_all("set-cookie").iter();
    cookies
        .map(|cookie| cookie.to_str().unwrap().to_owned())
        .collect()
}

fn set(yaml: &str) -> String {
    let event = request("GET", "/", json!({})).with_attribute("user", "ada; \"x\"");
    let passed = pass(&mut harness(yaml), event).unwrap();
    assert_eq!(passed.text().unwrap(), "body");
    set_by(&passed).pop().unwrap()
}

/// Returns what a browser would send back.
fn sent_back(cookie: &str) -> Event {
    let pair = cookie.split(';').next().unwrap();
    request(
        "GET",
        "/",
        json!({"cookie": format!("theme=dark; {pair}; x=y")}),
    )
}

#[test]
fn a_cookie_is_safe_unless_it_is_told_otherwise() {
    let cookie = set("cookie: { name: user, value: '{{ attributes.user }}', max_age: 1h }");
    let safe = "user=ada%3B%20%22x%22; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(cookie, safe);
    let cookie = set(
        "cookie: { name: a, value: b, path: /x, domain: example.org, secure: false, http_only: false, same_site: strict }",
    );
    assert_eq!(cookie, "a=b; Path=/x; Domain=example.org; SameSite=Strict");
    let cookie = set("cookie: { name: gone, value: '', max_age: 0s }");
    assert!(cookie.starts_with("gone=; Path=/; Max-Age=0; "), "{cookie}");
}

#[test]
fn settings_of_the_original_are_read() {
    let cookie = set(
        "set_cookie: { cookie_key: who, cookie_value: me, value_mode: static, expiry: 6000, path: / }",
    );
    assert!(
        cookie.starts_with("who=me; Path=/; Max-Age=6000; "),
        "{cookie}"
    );
    let random = || {
        let cookie = set("set_cookie: { value_mode: uuid, cookie_value: me }");
        cookie.split(';').next().unwrap().to_owned()
    };
    let (one, two) = (random(), random());
    assert!(one.starts_with("session=") && one.len() == 8 + 36, "{one}");
    assert_ne!(one, two);
    assert_ne!(set("cookie"), set("cookie"));
}

#[test]
fn several_cookies_stand_beside_each_other() {
    let mut first = Harness::new(Cookie::new("a").unwrap().value("1").unwrap());
    let second = Cookie::new("b").unwrap().value("2").unwrap();
    let second = second.same_site(SameSite::None).for_scripts();
    let mut second = Harness::new(second.at("example.org", "/x").unwrap());
    let event = pass(&mut first, request("GET", "/", json!({}))).unwrap();
    let event = request("GET", "/", json!({}))
        .with_attribute("http", event.attribute("http").unwrap().into_owned());
    let cookies = set_by(&pass(&mut second, event).unwrap());
    assert_eq!(cookies.len(), 2);
    assert_eq!(
        cookies[1],
        "b=2; Path=/x; Domain=example.org; Secure; SameSite=None"
    );
}

#[test]
fn only_what_was_signed_comes_in() {
    let cookie = set(&format!(
        "cookie: {{ name: s, value: '{{{{ attributes.user }}}}', secret: '{SECRET}', max_age: 1h }}"
    ));
    let mut check = Harness::new(CookieCheck::new("s").unwrap().signed(SECRET).unwrap());
    let passed = pass(&mut check, sent_back(&cookie)).unwrap();
    assert_eq!(
        *passed.attribute("cookies").unwrap(),
        json!({"s": "ada; \"x\""})
    );
    // One that somebody slipped in does not keep the good one out.
    let pair = cookie.split(';').next().unwrap();
    let both = json!({"cookie": format!("s=eve; {pair}")});
    assert!(pass(&mut check, request("GET", "/", both)).is_ok());

    let plain = set("cookie: { name: s, value: ada }");
    let ended = set(&format!(
        "cookie: {{ name: s, value: ada, secret: '{SECRET}', max_age: 0s }}"
    ));
    let other = set(&format!(
        "cookie: {{ name: s, value: ada, secret: '{SECRET}!' }}"
    ));
    let renamed = set(&format!(
        "cookie: {{ name: t, value: ada, secret: '{SECRET}' }}"
    ));
    let renamed = renamed.replacen("t=", "s=", 1);
    for cookie in [plain, ended, other, renamed, "s=".into(), "x=1".into()] {
        let forged = sent_back(&cookie).with_attribute("cookies", json!({"s": "eve", "t": "u"}));
        check.send(forged);
        let failed = check.errors().pop().unwrap();
        assert_eq!(
            *failed.attribute("cookies").unwrap(),
            json!({"t": "u"}),
            "{cookie}"
        );
        let error = &failed.error().unwrap().error;
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{cookie}");
        assert_eq!(
            error.detail("challenge").unwrap(),
            "Cookie cookie-name=\"s\""
        );
    }
}

#[test]
fn a_request_without_the_cookie_may_go_elsewhere_or_pass() {
    let plan = plan("cookie_check: { name: theme, missing: login }");
    let mut check = plan.outboxes(["login", "in"]).start();
    check.send(request("GET", "/", json!({})));
    assert_eq!(
        (check.take_from("login").len(), check.take_from("in").len()),
        (1, 0)
    );
    check.send(sent_back("a=b"));
    assert_eq!(check.take_from("login").len(), 0);
    let passed = check.take_from("in").pop().unwrap();
    assert_eq!(
        *passed.attribute("cookies").unwrap(),
        json!({"theme": "dark"})
    );

    let pass_on = CookieCheck::new("none")
        .unwrap()
        .missing(MissingCookie::Pass);
    let passed = pass(&mut Harness::new(pass_on), sent_back("a=b")).unwrap();
    assert!(passed.attribute("cookies").is_none());
    let error = pass(&mut harness("cookie_check"), sent_back("a=b")).unwrap_err();
    assert_eq!(error.message(), "the cookie session is missing");
}

#[test]
fn mistakes_of_settings_are_found_when_they_are_read() {
    assert!(wrong("cookie: { name: 'a b' }").contains("`a b` cannot be the name of a cookie"));
    assert!(wrong("cookie_check: { name: '' }").contains("cannot be the name of a cookie"));
    assert!(wrong("cookie: { path: x }").contains("does not begin with `/`"));
    assert!(wrong("cookie: { path: '/;a' }").contains("cannot be the path of a cookie"));
    assert!(wrong("cookie: { domain: \"a\\r\\nb\" }").contains("cannot be the domain"));
    assert!(wrong("cookie: { value_mode: static }").contains("needs a `value`"));
    assert!(wrong("cookie: { same_site: none, secure: false }").contains("browsers refuse"));
    assert!(wrong("cookie: { name: __Host-a, path: /x }").contains("`__Host-` also the path `/`"));
    assert!(wrong("cookie: { secret: hush-hush }").contains("openssl rand -hex 32"));
    assert!(wrong("cookie: { value: '{{ nothing }}' }").contains("nothing"));
    assert!(wrong("cookie_check: { missing: '' }").contains("`missing` is empty"));
    assert!(wrong("cookie: { max_age: soon }").contains("`soon` is no time"));
}
