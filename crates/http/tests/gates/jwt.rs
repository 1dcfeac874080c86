//! Who comes in with a token.

use compysition_core::testing::Harness;
use compysition_core::{Error, ErrorKind, Event};
use compysition_http::{Algorithm, HttpEvent, JwtAuth};
use serde_json::{Value, json};

use crate::issuer::{Issuer, SECRET, file, seconds_from_now};
use crate::{harness, plan, request, wrong};

fn bearing(token: &str) -> Event {
    let headers = json!({"authorization": format!("Bearer {token}"), "x-a": "1"});
    request("GET", "/", headers)
}

/// Sends an event; returns who came in with which claims, or the error.
fn who(harness: &mut Harness, event: Event) -> Result<(Value, Value), Error> {
    harness.send(event);
    if let Some(failed) = harness.errors().pop() {
        let hidden = failed.http().header("authorization").is_none();
        assert!(hidden, "a log could show the token");
        return Err(failed.error().unwrap().error.clone());
    }
    let passed = harness.take().pop().unwrap();
    let hidden = passed.http().header("authorization").is_none();
    assert!(hidden, "an actor could read the token");
    assert_eq!(passed.http().header("x-a").as_deref(), Some("1"));
    let attribute = |name| passed.attribute(name).unwrap_or_default().into_owned();
    Ok((attribute("user"), attribute("claims")))
}

fn claims() -> Value {
    json!({"sub": "ada", "exp": seconds_from_now(60)})
}

fn message(harness: &mut Harness, event: Event) -> String {
    let error = who(harness, event).unwrap_err();
    error.message().to_owned()
}

#[test]
fn each_algorithm_is_known_from_each_kind_of_file() {
    let issuers = [
        (Issuer::Secret(SECRET), "HS256 HS384 HS512"),
        (Issuer::rsa(), "RS256 RS384 RS512 PS256 PS384 PS512"),
        (Issuer::of_curve("ES256"), "ES256"),
        (Issuer::of_curve("ES384"), "ES384"),
        (Issuer::p521(), "ES512"),
        (Issuer::of_curve("EdDSA"), "EdDSA"),
    ];
    for (issuer, algorithms) in &issuers {
        let names: Vec<&str> = algorithms.split(' ').collect();
        let set = json!({"keys": [issuer.jwk("one")]}).to_string();
        let set = file(&format!("{}.json", names[0]), &set);
        let mut harnesses = vec![Harness::new(JwtAuth::with_jwks(set).unwrap())];
        harnesses.push(Harness::new(match issuer {
            Issuer::Secret(secret) => JwtAuth::with_secret(secret).unwrap(),
            public => JwtAuth::with_key(public.pem(&format!("{}.pem", names[0]))).unwrap(),
        }));
        for harness in &mut harnesses {
            for name in &names {
                let token = issuer.token(json!({"alg": name, "typ": "JWT"}), claims());
                let (user, claims) = who(harness, bearing(&token)).unwrap();
                assert_eq!(
                    (user, &claims["sub"]),
                    (json!("ada"), &json!("ada")),
                    "{name}"
                );
            }
            // What the others sign is refused.
            for (other, algorithms) in &issuers {
                let name = algorithms.split(' ').next().unwrap();
                let token = other.token(json!({"alg": name}), claims());
                assert_eq!(who(harness, bearing(&token)).is_ok(), names.contains(&name));
            }
        }
    }
}

#[test]
fn who_has_no_good_token_is_told_why() {
    let mut harness = harness(&format!(
        "jwt_auth: {{ secret: '{SECRET}', realm: 'the \"vault\"' }}"
    ));
    let issuer = Issuer::Secret(SECRET);
    let hs256 = json!({"alg": "HS256"});
    let token = |claims| issuer.token(hs256.clone(), claims);
    let expired = token(json!({"exp": seconds_from_now(-60)}));
    let early = token(json!({"exp": seconds_from_now(99), "nbf": seconds_from_now(60)}));
    let endless = token(json!({"sub": "ada"}));
    let addressed = token(json!({"exp": seconds_from_now(60), "aud": "somebody else"}));
    let critical = issuer.token(json!({"alg": "HS256", "crit": ["exp"]}), claims());
    let none = issuer.token(json!({"alg": "none"}), claims());
    let unsigned = format!("{}.", none.rsplit_once('.').unwrap().0);
    let other = Issuer::Secret("another secret, which is long enough too").token(hs256, claims());
    let long = "a".repeat(20_000);
    let wrong = [
        (expired.as_str(), "the token has expired"),
        (&early, "the token is not good yet"),
        (&endless, "the token does not have the claim exp"),
        (&addressed, "the token is for another audience"),
        (
            &critical,
            "the token has critical extensions, and none is known",
        ),
        (&none, "the algorithm of the token is not allowed"),
        (&unsigned, "the algorithm of the token is not allowed"),
        (&other, "the signature of the token is wrong"),
        ("a.b", "the token does not have three parts"),
        ("a.b.c.d.e", "the token does not have three parts"),
        ("?.b.c", "the token is damaged"),
        ("e30.e30.", "the header of the token is damaged"),
        (&long, "the token is too long"),
    ];
    for (token, why) in wrong {
        let error = who(&mut harness, bearing(token)).unwrap_err();
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Unauthorized, why)
        );
        let challenge = format!(
            r#"Bearer realm="the \"vault\"", error="invalid_token", error_description="{why}""#
        );
        assert_eq!(error.detail("challenge").unwrap(), &json!(challenge));
    }
    // Who says nothing is told no error.
    for headers in [
        json!({}),
        json!({"authorization": "Basic YTpi"}),
        json!({"authorization": "Bearer"}),
    ] {
        let error = who(&mut harness, request("GET", "/", headers)).unwrap_err();
        assert_eq!(error.message(), "the request has no bearer token");
        let challenge = r#"Bearer realm="the \"vault\"""#;
        assert_eq!(error.detail("challenge").unwrap(), challenge);
    }
}

#[test]
fn a_scope_or_a_role_may_be_needed() {
    let mut harness = harness(&format!(
        "jwt_auth: {{ secret: '{SECRET}', issuer: [a, b], audience: orders, scope: 'read write', roles: [clerk], roles_claim: realm.roles, required: [exp, sub] }}"
    ));
    let issuer = Issuer::Secret(SECRET);
    let bearing = |changes: Value| {
        let mut claims = json!({"iss": "b", "aud": ["x", "orders"], "sub": "ada", "exp": seconds_from_now(60),
            "scope": "write read", "realm": {"roles": ["clerk"]}});
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        bearing(&issuer.token(json!({"alg": "HS512"}), claims))
    };
    assert_eq!(who(&mut harness, bearing(json!({}))).unwrap().0, "ada");
    for (changes, why) in [
        (json!({"iss": "c"}), "the token is of another issuer"),
        (json!({"aud": "x"}), "the token is for another audience"),
        (
            json!({"sub": null}),
            "the token does not have the claim sub",
        ),
    ] {
        assert_eq!(message(&mut harness, bearing(changes)), why);
    }
    let error = who(&mut harness, bearing(json!({"scope": "read"}))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    let challenge = r#"Bearer realm="restricted", error="insufficient_scope", scope="read write""#;
    assert_eq!(error.detail("challenge").unwrap(), challenge);
    let error = who(&mut harness, bearing(json!({"realm": {"roles": []}}))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
}

#[test]
fn a_key_signs_only_for_its_id_and_its_algorithm() {
    let (one, two) = (Issuer::rsa(), Issuer::of_curve("ES256"));
    let mut first = one.jwk("one");
    first["alg"] = "RS256".into();
    let set = json!({"keys": [first, two.jwk("two")]}).to_string();
    let set = file("two_keys.json", &set);
    let mut harness = Harness::new(JwtAuth::with_jwks(set).unwrap());
    let mut comes_in = |issuer: &Issuer, header| {
        let token = issuer.token(header, claims());
        who(&mut harness, bearing(&token)).is_ok()
    };
    assert!(comes_in(&one, json!({"alg": "RS256", "kid": "one"})));
    assert!(comes_in(&one, json!({"alg": "RS256"})));
    assert!(comes_in(&two, json!({"alg": "ES256", "kid": "two"})));
    assert!(!comes_in(&one, json!({"alg": "RS256", "kid": "two"})));
    assert!(!comes_in(&one, json!({"alg": "PS256", "kid": "one"})));
    assert!(!comes_in(&one, json!({"alg": "RS256", "kid": "three"})));
}

#[test]
fn algorithms_can_be_narrowed() {
    let auth = JwtAuth::with_secret(SECRET).unwrap();
    let mut harness = Harness::new(auth.algorithms([Algorithm::HS512]).unwrap());
    let token = |name| Issuer::Secret(SECRET).token(json!({"alg": name}), claims());
    assert!(who(&mut harness, bearing(&token("HS512"))).is_ok());
    let why = message(&mut harness, bearing(&token("HS256")));
    assert_eq!(why, "the algorithm of the token is not allowed");
    let auth = JwtAuth::with_secret(SECRET).unwrap();
    let error = auth.algorithms([Algorithm::RS256]).err().unwrap();
    assert_eq!(error.message(), "none of the keys is for RS256");
}

#[test]
fn a_token_may_be_passed_on_and_stays_hidden_in_errors() {
    let mut harness = harness(&format!("jwt_auth: {{ secret: '{SECRET}', hide: false }}"));
    let token = Issuer::Secret(SECRET).token(json!({"alg": "HS256"}), claims());
    harness.send(bearing(&token).with_attribute("user", "eve"));
    let passed = harness.take().pop().unwrap();
    assert!(
        passed
            .http()
            .header("authorization")
            .unwrap()
            .ends_with(&token)
    );
    assert_eq!(*passed.attribute("user").unwrap(), "ada");
    assert!(who(&mut harness, bearing(&format!("{token}x"))).is_err());
    // Nobody is the user of whom the token says nothing.
    let nobody = json!({"exp": seconds_from_now(60)});
    let token = Issuer::Secret(SECRET).token(json!({"alg": "HS256"}), nobody);
    harness.send(bearing(&token).with_attribute("user", "eve"));
    assert!(harness.take().pop().unwrap().attribute("user").is_none());
}

#[test]
fn mistakes_of_settings_are_found_when_they_are_read() {
    let one_of = "the keys come from one of `secret`, `key`, `jwks` and `jwks_url`";
    assert!(wrong("jwt_auth: {}").contains(one_of));
    let two = format!("jwt_auth: {{ secret: '{SECRET}', jwks_url: 'http://a' }}");
    assert!(wrong(&two).contains(one_of));
    let short = wrong("jwt_auth: { secret: hush-hush }");
    assert!(short.contains("shorter than 32 bytes"), "{short}");
    let pem = file(
        "no_key.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let says = wrong(&format!("jwt_auth: {{ key: {} }}", pem.display()));
    assert!(says.contains("openssl x509 -pubkey"), "{says}");
    assert!(wrong("jwt_auth: { key: /no/such.pem }").contains("/no/such.pem cannot be read"));
    let set = file("no_set.json", "{\"keys\": []}");
    let says = wrong(&format!("jwt_auth: {{ jwks: {} }}", set.display()));
    assert!(says.contains("there is no key in it"), "{says}");
    assert!(wrong("jwt_auth: { jwks_url: 'login/keys' }").contains("does not begin with http://"));
    let ca = wrong(&format!("jwt_auth: {{ secret: '{SECRET}', ca: x.pem }}"));
    assert!(ca.contains("`ca` is for `jwks_url` only"), "{ca}");
    let secret = wrong("jwt_auth: { jwks_url: 'http://a', algorithms: [HS256] }");
    assert!(secret.contains("none of the keys is for HS256"), "{secret}");
    let none = wrong("jwt_auth: { jwks_url: 'http://a', algorithms: [none] }");
    assert!(none.contains("unknown value `none`"), "{none}");
    assert!(wrong("jwt_auth: { jwks_url: 'http://a/{{ id }}' }").contains("cannot be a template"));
    for nothing in [
        "issuer: []",
        "audience: ''",
        "scope: ' '",
        "roles: ['']",
        "algorithms: []",
    ] {
        let says = wrong(&format!("jwt_auth: {{ secret: '{SECRET}', {nothing} }}"));
        assert!(
            says.contains("nothing would be checked"),
            "{nothing}: {says}"
        );
    }
    let list = wrong(&format!("jwt_auth: {{ secret: '{SECRET}', issuer: 7 }}"));
    assert!(list.contains("a text, or a list of texts"), "{list}");
    plan("jwt_auth: { jwks_url: 'https://login.example.org/keys', algorithms: [RS256, EdDSA] }");
}
