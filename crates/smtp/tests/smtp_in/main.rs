//! `smtp_in`, as Python's clients and hostile ones see it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hostile;
mod site;

use std::fs;
use std::io::BufReader;
use std::net::TcpStream;
use std::path::Path;

use compysition_smtp::SmtpIn;
use serde_json::{Value, json};

use crate::site::{Client, Site};

fn refused(settings: Value) -> String {
    let built = serde_json::from_value::<SmtpIn>(settings);
    built.err().unwrap().to_string()
}

#[test]
fn a_message_of_pythons_becomes_an_event() {
    let site = Site::new(json!({}));
    let said = site.python(
        "m = EmailMessage()\n\
         m['From'] = 'Änne <ann@example.org>'\n\
         m['To'] = 'bob@example.org, Carl <carl@example.org>'\n\
         m['Subject'] = 'größer'\n\
         m['X-A'] = 'one'\n\
         m.set_content('text\\n.dot\\n..two\\n')\n\
         m.add_alternative('<p>html</p>', subtype='html')\n\
         m.add_attachment(b'\\x00\\x01', maintype='application', subtype='pdf', filename='a.pdf')\n\
         print(s.send_message(m, 'bounce@example.org', ['hidden@example.org', 'bob@example.org']))\n\
         print(s.noop()[0], s.vrfy('x')[0], s.quit()[0])",
    );
    assert_eq!(said, "{}\n250 252 221\n");
    let events = site.taken();
    let payload = events[0].json().unwrap();
    assert_eq!(
        payload["from"],
        json!({ "name": "Änne", "address": "ann@example.org" })
    );
    assert_eq!(
        payload["to"][1],
        json!({ "name": "Carl", "address": "carl@example.org" })
    );
    assert_eq!(payload["subject"], "größer");
    assert_eq!(payload["headers"]["x-a"], "one");
    assert_eq!(payload["text"], "text\r\n.dot\r\n..two\r\n");
    assert!(payload["html"].as_str().unwrap().contains("<p>html</p>"));
    let attachment =
        json!({ "name": "a.pdf", "type": "application/pdf", "size": 2, "content": "AAE=" });
    assert_eq!(payload["attachments"], json!([attachment]));
    let envelope = events[0].attribute("smtp").unwrap();
    assert_eq!(envelope["from"], "bounce@example.org");
    assert_eq!(
        envelope["to"],
        json!(["hidden@example.org", "bob@example.org"])
    );
    assert_eq!(envelope["tls"], false);
    site.stop();
}

#[test]
fn a_message_is_taken_only_when_the_flow_is_done_with_it() {
    let site = Site::new(json!({}));
    let said = site.python(
        "def send(subject):\n    try:\n        s.sendmail('a@b', ['c@d'], f'Subject: {subject}\\r\\n\\r\\nx')\n        return 250\n    \
         except smtplib.SMTPDataError as e:\n        return e.smtp_code, e.smtp_error\n\
         for subject in ['ok', 'down', 'bad', 'ok']: print(send(subject))",
    );
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "250");
    assert_eq!(
        lines[1],
        "(451, b'4.3.0 not now, try again later: unavailable')"
    );
    assert_eq!(lines[2], "(554, b'5.6.0 no suchorder')");
    assert_eq!(lines[3], "250");
    assert_eq!(site.taken().len(), 2);
    site.stop();
}

#[test]
fn a_message_that_takes_too_long_is_to_be_sent_again() {
    let site = Site::new(json!({ "deadline": "100ms" }));
    let mut client = site.client();
    for line in ["EHLO me", "MAIL FROM:<a@b>", "RCPT TO:<a@b>", "DATA"] {
        client.ask(line);
    }
    assert!(client.ask("Subject: slow\r\n\r\nx\r\n.").starts_with("451"));
    site.go_on.notify_one();
    assert!(client.ask("QUIT").starts_with("221"));
    site.stop();
}

#[test]
fn raw_gives_the_bytes_without_the_doubled_dots() {
    let site = Site::new(json!({ "raw": true }));
    let mut client = site.client();
    // All at once: PIPELINING.
    client.say("EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
    let codes: Vec<String> = (0..4).map(|_| client.reply()[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "250", "250", "354"]);
    client.say("Subject: x\r\n\r\n..\r\nb\r\n.\r\nQUIT\r\n");
    assert!(client.reply().starts_with("250"));
    assert!(client.reply().starts_with("221"));
    assert!(client.is_closed());
    assert_eq!(
        site.taken()[0].bytes().unwrap(),
        b"Subject: x\r\n\r\n.\r\nb\r\n"
    );
    site.stop();
}

#[test]
fn line_ends_that_servers_differ_about_end_the_connection() {
    let site = Site::new(json!({}));
    for smuggled in ["\n.\n", "\r\n.\n", "\n.\r\n", "\r.\r", "\r\n.\r", "a\rb"] {
        let mut client = site.client();
        client.say("EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\n");
        for _ in 0..4 {
            client.reply();
        }
        client.say(&format!("Subject: one\r\n\r\nx{smuggled}MAIL FROM:<evil@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: two\r\n\r\n.\r\n"));
        assert!(client.reply().starts_with("521"), "{smuggled:?}");
        assert!(client.is_closed());
    }
    assert!(site.taken().is_empty());
    site.stop();
}

#[test]
fn bounds_and_the_order_of_commands_hold() {
    let settings = json!({ "max_message": 100, "max_recipients": 2, "domains": ["Good.org"], "recipients": ["one@other.org"] });
    let site = Site::new(settings);
    let mut client = site.client();
    for (line, code) in [
        ("MAIL FROM:<a@b>", "503"),
        ("EHLO me", "250"),
        ("RCPT TO:<a@good.org>", "503"),
        ("DATA", "503"),
        ("STARTTLS", "502"),
        ("AUTH PLAIN AGEAYg==", "502"),
        ("MAIL FROM:<a@b> SIZE=101", "552"),
        ("MAIL FROM:<a@b> SIZE=100", "250"),
        ("MAIL FROM:<a@b>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<a@bad.org>", "550"),
        ("RCPT TO:<two@other.org>", "550"),
        ("RCPT TO:<a@sub.good.org>", "550"),
        ("RCPT TO:<ONE@other.org>", "250"),
        ("RCPT TO:<a@GOOD.org>", "250"),
        ("RCPT TO:<b@good.org>", "452"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("MAIL FROM:<a@b>", "250"),
        ("RCPT TO:<a@good.org>", "250"),
        ("DATA", "354"),
    ] {
        let reply = client.ask(line);
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    client.say(&"0123456789\r\n".repeat(9));
    assert!(client.ask(".").starts_with("552"));
    assert!(
        client.ask("NOOP").starts_with("250"),
        "the connection is fine"
    );
    let mut client = site.client();
    client.say(&"a".repeat(20_000));
    assert!(client.reply().starts_with("500"));
    assert!(client.is_closed());
    let mut client = site.client();
    for _ in 0..19 {
        assert!(client.ask("WHAT").starts_with("500"));
    }
    assert!(client.ask("WHAT").starts_with("500"));
    assert!(client.reply().starts_with("421"));
    assert!(client.is_closed());
    assert!(site.taken().is_empty());
    site.stop();
}

#[test]
fn who_is_too_many_or_silent_is_sent_away() {
    let site = Site::new(json!({ "max_connections": 1, "idle_timeout": "200ms" }));
    let mut first = site.client();
    let stream = TcpStream::connect(site.address).unwrap();
    let mut second = Client(BufReader::new(stream));
    assert!(second.reply().starts_with("421"));
    assert!(first.reply().starts_with("421"), "it was silent");
    assert!(first.is_closed());
    site.stop();
}

#[test]
fn a_stop_says_goodbye_to_clients_and_takes_no_half_message() {
    let site = Site::new(json!({}));
    let mut idle = site.client();
    let mut sending = site.client();
    for line in [
        "EHLO me",
        "MAIL FROM:<a@b>",
        "RCPT TO:<a@b>",
        "DATA",
        "half",
    ] {
        sending.say(&format!("{line}\r\n"));
    }
    for _ in 0..4 {
        sending.reply();
    }
    let seen = site.seen.clone();
    site.stop();
    assert!(idle.reply().starts_with("421"));
    assert!(sending.reply().starts_with("421"));
    assert!(seen.lock().is_empty());
}

#[test]
fn over_tls_clients_log_in() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let at = |end: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("smtp_in.{end}"));
    fs::write(at("crt"), made.cert.pem()).unwrap();
    fs::write(at("key"), made.signing_key.serialize_pem()).unwrap();
    let tls = json!({ "certificate": at("crt"), "key": at("key"), "required": true });
    let site = Site::new(json!({ "tls": tls, "users": { "ann": "right" } }));
    let crt = at("crt");
    let said = site.python(&format!(
        "def tried(f, *a):\n    try: return f(*a)[0]\n    except smtplib.SMTPResponseException as e: return e.smtp_code\n\
         s.ehlo()\n\
         print(s.has_extn('auth'), s.has_extn('starttls'), s.docmd('MAIL FROM:<a@b>')[0], s.docmd('AUTH PLAIN AGEAYg==')[0])\n\
         c = ssl.create_default_context(cafile='{}'); s._host = 'localhost'\n\
         print(s.starttls(context=c)[0], s.ehlo()[0], s.has_extn('starttls'), s.docmd('MAIL FROM:<a@b>')[0])\n\
         print(tried(s.login, 'ann', 'wrong'), tried(s.login, 'ann', 'right'))\n\
         print(s.sendmail('a@b', ['c@d'], 'Subject: x\\r\\n\\r\\nx'))\n\
         s.quit()\n\
         s = smtplib.SMTP('localhost', {}); s.starttls(context=c); s.ehlo(); s.user, s.password = 'ann', 'right'\n\
         print(s.auth('LOGIN', s.auth_login)[0])",
        crt.display(),
        site.address.port(),
    ));
    assert_eq!(
        said,
        "False True 530 538\n220 250 False 530\n535 235\n{}\n235\n"
    );
    let events = site.taken();
    let envelope = events[0].attribute("smtp").unwrap();
    assert_eq!(envelope["user"], "ann");
    assert_eq!(envelope["tls"], true);
    // What is said before the encryption, to be heard behind it, is not.
    let mut client = site.client();
    client.ask("EHLO me");
    client.say("STARTTLS\r\nMAIL FROM:<evil@b>\r\n");
    assert!(client.reply().starts_with("220"));
    assert!(client.is_closed());
    site.stop();
}

#[test]
fn mistakes_are_found_before_the_start() {
    for (settings, says) in [
        (json!({ "address": "nowhere" }), "no address to listen on"),
        (json!({ "users": { "a": "b" } }), "`users` needs `tls`"),
        (json!({ "max_message": 0 }), "`max_message: 0`"),
        (
            json!({ "tls": { "certificate": "/no", "key": "/no" } }),
            "/no",
        ),
        (json!({ "relay": true }), "unknown field"),
    ] {
        let mistake = refused(settings);
        assert!(mistake.contains(says), "{mistake}");
    }
}
