//! What a stylesheet calls is there, or it is refused.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_core::Registry;
use compysition_xml::{Compiler, Document, Stylesheet, Xslt};

/// Compiles a stylesheet with this content, which begins on its second line.
fn compiled(content: &str) -> Result<Stylesheet, String> {
    let text = format!(
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xmlns:a='urn:a' xmlns:b='urn:a'>\n\
         {content}\n</xsl:stylesheet>"
    );
    Stylesheet::from_text(&text).map_err(|error| error.to_string())
}

#[test]
fn a_template_that_is_called_is_there() {
    let called = "<xsl:template match='/'>\n<a><xsl:if test='b'>\n<xsl:call-template name='one'/></xsl:if></a></xsl:template>";
    let told = compiled(called).unwrap_err();
    assert_eq!(
        told,
        "inline, line 4: xsl:call-template calls `one`, and no template has that name"
    );
    let with = |more: &str| compiled(&format!("{called}{more}"));
    assert!(with("<xsl:template name='one'/>").is_ok());
    assert!(with("<xsl:template name='a:one'/>").is_err());
    assert!(with("<xsl:template match='one'/>").is_err());
    // A prefix is as good as another of the same namespace.
    let prefixed = "<xsl:template name='a:one'/><xsl:variable name='v'><xsl:call-template name='b:one'/></xsl:variable>";
    assert!(compiled(prefixed).is_ok());
    // What is no instruction calls nothing.
    assert!(compiled("<a:data><xsl:call-template name='none'/></a:data>").is_ok());
}

#[test]
fn templates_are_called_across_the_files_of_a_stylesheet() {
    let directory = std::env::temp_dir().join(format!("compysition-calls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.join(name), text).unwrap();
    let file = |content: &str| {
        format!(
            "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform'>\n{content}</xsl:stylesheet>"
        )
    };
    let call = |name: &str| {
        format!("<xsl:template match='{name}'>\n<xsl:call-template name='{name}'/></xsl:template>")
    };
    write(
        "imported.xsl",
        &file(&format!("{}<xsl:template name='imported'/>", call("main"))),
    );
    write(
        "included.xsl",
        &file(&format!(
            "{}<xsl:template name='included'/>",
            call("imported")
        )),
    );
    let main = |more: &str| {
        write(
            "main.xsl",
            &file(&format!(
                "<xsl:import href='imported.xsl'/><xsl:include href='included.xsl'/>{}<xsl:template name='main'/>{more}",
                call("included")
            )),
        );
        Compiler::new()
            .allow(&directory)
            .compile_file(directory.join("main.xsl"))
    };
    main("").unwrap();
    write("included.xsl", &file(&call("nobody")));
    let told = main("<xsl:template name='included'/>").unwrap_err();
    assert_eq!(
        (told.file(), told.line()),
        (Some("included.xsl"), Some(3)),
        "{told}"
    );
    std::fs::remove_dir_all(directory).unwrap();
}

/// Builds the actor with a stylesheet that has this content, which begins on its second line.
fn built(content: &str, parameters: serde_json::Value) -> Result<(), String> {
    let text = format!(
        "<xsl:stylesheet version='1.0' xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xmlns:a='urn:a' xmlns:b='urn:a' \
         xmlns:func='http://exslt.org/functions' extension-element-prefixes='func'>\n{content}\n</xsl:stylesheet>"
    );
    let mut registry = Registry::new();
    compysition_xml::register(&mut registry);
    let settings = serde_json::json!({ "inline": text, "parameters": parameters });
    let mut settings = <dyn erased_serde::Deserializer>::erase(settings);
    let built = registry.get("xslt").unwrap().build(&mut settings);
    built.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn a_variable_that_is_named_is_seen_there() {
    let template = |body: &str| format!("<xsl:template match='/'>\n{body}</xsl:template>");
    for body in [
        "<xsl:value-of select='$nme'/>",
        "<x y='a{$nme}'/>",
        "<x y='{{}}{1 + $nme}'/>",
        "<xsl:if test='$nme'/>",
        "<xsl:element name='{$nme}'/>",
        // Not yet, not any more, and not from inside itself.
        "<xsl:value-of select='$nme'/><xsl:variable name='nme'/>",
        "<xsl:if test='1'><xsl:variable name='nme'/></xsl:if><xsl:value-of select='$nme'/>",
        "<xsl:variable name='nme' select='$nme'/>",
    ] {
        let told = built(&template(body), serde_json::json!({})).unwrap_err();
        let wanted = "inline, line 3: no variable or parameter `nme` is seen from here";
        assert!(told.contains(wanted), "{body}: {told}");
        let given = serde_json::json!({ "nme": "x" });
        assert_eq!(built(&template(body), given), Ok(()), "{body}");
    }
    for (top, body) in [
        (
            "<xsl:param name='p'/>",
            "<xsl:value-of select='concat($p, \"$q\")'/>",
        ),
        (
            "<xsl:variable name='a:v'/>",
            "<xsl:value-of select='$b:v'/>",
        ),
        (
            "",
            "<xsl:param name='p'/><xsl:param name='q' select='$p'/><x y='{$p}' z='{{$r}}'>$s</x>",
        ),
        (
            "",
            "<xsl:variable name='v'/><xsl:for-each select='$v'><x y=\"{'}'}{$v}\"/></xsl:for-each>",
        ),
        (
            "<func:function name='a:f'><xsl:param name='p'/><func:result select='$p'/></func:function>",
            "<xsl:value-of select='a:f(1)'/>",
        ),
        ("<a:data y='{$none}'/>", ""),
    ] {
        // What is at the top may stand below.
        let content = format!("{}{top}", template(body));
        assert_eq!(built(&content, serde_json::json!({})), Ok(()), "{content}");
    }
}

#[test]
fn a_stylesheet_of_one_element_sees_its_variables_and_what_is_given() {
    let local = "<x xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xsl:version='1.0'><xsl:variable name='v'/><y z='{$v}'/></x>";
    let settings = serde_json::json!({ "inline": local });
    assert!(serde_json::from_value::<Xslt>(settings).is_ok());
    let text = "<x xmlns:xsl='http://www.w3.org/1999/XSL/Transform' xsl:version='1.0'><xsl:value-of select='$given'/></x>";
    let stylesheet = Stylesheet::from_text(text).unwrap();
    let mut document = Document::parse("<a/>").unwrap();
    let made = stylesheet.transform(&mut document, &[("given", "it is")]);
    assert!(made.unwrap().to_text().unwrap().contains("it is"));
}
