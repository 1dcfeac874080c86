"""Writes table.json: what xmltodict, lxml (XPath, XSD) make of documents.

The tests of crates/convert and crates/xml hold us to the same answers. To make it anew:
pip install xmltodict lxml && python tests/documents/make.py

A document is a text, or bytes in base64 if it says or has another encoding. `fill` is what `%` stands
for in the document and in what becomes of it, so that huge ones need no huge file.
"""

import base64
import json
import math
import pathlib

import lxml.etree as etree
import xmltodict

DOCUMENTS = {
    # shapes
    "empty element": "<a/>",
    "empty pair": "<a></a>",
    "only space": "<a> \n\t </a>",
    "text": "<a>x</a>",
    "text with space around": "<a>\n  x y \n</a>",
    "text with space inside": "<a>x \n  y</a>",
    "number": "<a>007.50</a>",
    "truth": "<a>true</a>",
    "child": "<a><b>1</b></a>",
    "children": "<a><b>1</b><c>2</c><d/></a>",
    "deep": "<a><b><c><d><e>x</e></d></c></b></a>",
    "indented": "<a>\n  <b>1</b>\n  <c>\n    <d>2</d>\n  </c>\n</a>\n",
    # repeated elements
    "two of a kind": "<a><b>1</b><b>2</b></a>",
    "three empty": "<a><b/><b/><b/></a>",
    "repeated apart": "<a><b>1</b><c>x</c><b>2</b></a>",
    "repeated with attributes": "<a><b i='1'>x</b><b i='2'/><b>z</b></a>",
    "lists in lists": "<a><b><c>1</c><c>2</c></b><b><c>3</c></b></a>",
    "a name within itself": "<a><a><a>x</a></a></a>",
    # attributes
    "attribute": "<a b='1'/>",
    "attribute and text": "<a b='1'>x</a>",
    "attribute and child": "<a b='1'><c>2</c></a>",
    "attribute and child of one name": "<a b='1'><b>2</b></a>",
    "attribute that is empty": "<a b=''>x</a>",
    "attribute with quotes": "<a b='\"' c=\"'\"/>",
    "attribute with references": "<a b='&lt;&amp;&gt;&quot;&apos;&#233;&#x1F600;'/>",
    "attribute with line breaks": "<a b='x\ny\tz&#10;w'/>",
    "many attributes": "<a " + " ".join(f"b{i}='{i}'" for i in range(40)) + "/>",
    "xml:lang and xml:space": "<a xml:lang='de' xml:space='preserve'> x </a>",
    # mixed content
    "text then child": "<a>x<b/></a>",
    "child then text": "<a><b/>x</a>",
    "text around child": "<a>x<b>y</b>z</a>",
    "text around children": "<p>one <b>two</b> three <i>four</i> five</p>",
    "mixed with attributes": "<a b='1'>x<c d='2'>y</c>z</a>",
    # CDATA, references, comments, instructions
    "cdata": "<a><![CDATA[<b>&amp;</b>]]></a>",
    "cdata and text": "<a>x<![CDATA[ < ]]>y</a>",
    "cdata that is empty": "<a><![CDATA[]]></a>",
    "cdata of space": "<a><![CDATA[   ]]></a>",
    "two cdata": "<a><![CDATA[1]]><![CDATA[2]]></a>",
    "cdata with its own end": "<a><![CDATA[]]]]><![CDATA[>]]></a>",
    "references": "<a>&lt;&gt;&amp;&quot;&apos;</a>",
    "character references": "<a>&#65;&#x42;&#233;&#x20AC;&#128512;</a>",
    "reference to a space": "<a>x&#32;&#10;</a>",
    "comment in text": "<a>x<!-- c -->y</a>",
    "comment only": "<a><!-- c --></a>",
    "comments around": "<!-- before --><a>x</a><!-- after -->",
    "comment with markup": "<a><!-- <b>no</b> & -->x</a>",
    "instruction": "<?go on?><a><?stop now?>x</a>",
    "declaration": "<?xml version='1.0'?><a>x</a>",
    "declaration standalone": "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<a>x</a>",
    "document type": "<!DOCTYPE a [<!ELEMENT a ANY>]><a>x</a>",
    # namespaces
    "default namespace": "<a xmlns='urn:a'><b>1</b></a>",
    "prefix": "<p:a xmlns:p='urn:p'><p:b>1</p:b></p:a>",
    "two prefixes of one namespace": "<p:a xmlns:p='urn:p' xmlns:q='urn:p'><q:b>1</q:b></p:a>",
    "prefix declared twice": "<a><p:b xmlns:p='urn:1'>1</p:b><p:b xmlns:p='urn:2'>2</p:b></a>",
    "default namespace taken back": "<a xmlns='urn:a'><b xmlns=''>1</b></a>",
    "attribute with prefix": "<a xmlns:p='urn:p' p:b='1' b='2'/>",
    "soap": (
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header/><s:Body>"
        "<o:Order xmlns:o='urn:order:1' customer='7'><o:Item>book</o:Item></o:Order></s:Body></s:Envelope>"
    ),
    "prefix not declared": "<p:a/>",
    # characters and encodings
    "letters of all kinds": "<wörter><日本>語</日本><ключ>значение</ключ></wörter>",
    "names with signs": "<a-b.c_d><_x1>1</_x1></a-b.c_d>",
    "beyond the first plane": "<a>😀𝄞</a>",
    "combining marks": "<a>e\u0301</a>",
    "no-break space": "<a>\u00a0x\u00a0</a>",
    "carriage returns": "<a>x\r\ny\rz</a>",
    "byte order mark": b"\xef\xbb\xbf<a>\xc3\xa9</a>",
    "latin 1": "<?xml version='1.0' encoding='ISO-8859-1'?><a b='ü'>café</a>".encode("latin-1"),
    "windows 1252": "<?xml version='1.0' encoding='windows-1252'?><a>€ “x”</a>".encode("cp1252"),
    "latin 9": "<?xml version='1.0' encoding='ISO-8859-15'?><a>€</a>".encode("iso8859-15"),
    "cyrillic": "<?xml version='1.0' encoding='KOI8-R'?><a>ключ</a>".encode("koi8-r"),
    "ascii": b"<?xml version='1.0' encoding='US-ASCII'?><a>x</a>",
    "utf-16 with mark": "<?xml version='1.0' encoding='UTF-16'?><a>é😀</a>".encode("utf-16"),
    "utf-16 big endian": b"\xfe\xff" + "<?xml version='1.0' encoding='UTF-16'?><a>é</a>".encode("utf-16-be"),
    "not what it declares": b"<?xml version='1.0' encoding='UTF-8'?><a>caf\xe9</a>",
    # size
    "huge text": ("<a><b>%</b></a>", ["0123456789", 500_000]),
    "huge attribute": ("<a b='%'/>", ["x", 1_000_000]),
    "huge mixed": ("<a>%<b/>z</a>", ["tëxt", 200_000]),
    # what is not well-formed
    "nothing but space": "  ",
    "no element": "x",
    "not closed": "<a><b></a>",
    "two roots": "<a/><b/>",
    "text after the root": "<a/>x",
    "attribute twice": "<a b='1' b='2'/>",
    "attribute without quotes": "<a b=1/>",
    "stray ampersand": "<a>x & y</a>",
    "unknown entity": "<a>&nope;</a>",
    "control character": "<a>\x01</a>",
    "less-than in attribute": "<a b='<'/>",
    "end of cdata in text": "<a>]]></a>",
    "two hyphens in a comment": "<a><!-- -- --></a>",
    "declaration not first": " <?xml version='1.0'?><a/>",
}

NAMESPACES = {
    "s": "http://schemas.xmlsoap.org/soap/envelope/",
    "o": "urn:order:1",
    "p": "urn:p",
    "d": "urn:a",
}

# Asked of every document that is well-formed.
PATHS = [
    "count(//*)",
    "count(//@*)",
    "count(//comment())",
    "count(//namespace::*)",
    "string(/)",
    "normalize-space(/)",
    "string-length(/)",
    "name(/*)",
    "local-name(/*)",
    "namespace-uri(/*)",
    "/*/@*",
    "//text()",
    "//p:*/@* | //@p:b",
    "//d:b",
    "//o:Order/@customer",
    "/s:Envelope/s:Body/o:Order/o:Item",
    "//*[last()]/text()",
    "boolean(//*[@*])",
    "sum(//*[number() = number()][not(*)])",
]

ORDER = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:o" xmlns="urn:o"
           elementFormDefault="qualified">
  <xs:element name="order">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="item" type="item" maxOccurs="3"/>
        <xs:element name="note" type="xs:string" minOccurs="0"/>
      </xs:sequence>
      <xs:attribute name="id" type="xs:int" use="required"/>
    </xs:complexType>
    <xs:unique name="skus"><xs:selector xpath="o:item" xmlns:o="urn:o"/><xs:field xpath="@sku"/></xs:unique>
  </xs:element>
  <xs:complexType name="item">
    <xs:sequence>
      <xs:element name="count" type="xs:positiveInteger"/>
      <xs:element name="price">
        <xs:simpleType><xs:restriction base="xs:decimal">
          <xs:minInclusive value="0"/><xs:fractionDigits value="2"/>
        </xs:restriction></xs:simpleType>
      </xs:element>
    </xs:sequence>
    <xs:attribute name="sku"><xs:simpleType><xs:restriction base="xs:string">
      <xs:pattern value="[A-Z]{2}[0-9]+"/>
    </xs:restriction></xs:simpleType></xs:attribute>
  </xs:complexType>
</xs:schema>
"""


def order(items="", attributes="id='1'", more=""):
    return f"<order xmlns='urn:o' {attributes}>{items}{more}</order>"


def item(count="1", price="2.50", sku="AB1"):
    return f"\n<item sku='{sku}'><count>{count}</count><price>{price}</price></item>"


VALIDATED = {
    "right": order(item()),
    "three items and a note": order(item() + item(sku="AB2") + item(sku="AB3"), more="<note>x</note>"),
    "with comments and space": "<!-- c -->\n" + order("<!-- c -->" + item()),
    "no item": order(),
    "four items": order("".join(item(sku=f"AB{i}") for i in range(4))),
    "no id": order(item(), attributes=""),
    "id is no number": order(item(), attributes="id='x'"),
    "unknown attribute": order(item(), attributes="id='1' color='red'"),
    "unknown element": order(item(), more="\n<more/>"),
    "wrong order": order(more="<note/>" + item()),
    "wrong namespace": "<order id='1'/>",
    "wrong root": "<item xmlns='urn:o'/>",
    "count is zero": order(item(count="0")),
    "price is negative": order(item(price="-1")),
    "price has too many digits": order(item(price="1.234")),
    "bad sku": order(item(sku="ab1")),
    "sku twice": order(item() + item()),
    "text between": order("x" + item()),
    "three faults": order(item(count="x", price="y", sku="z")),
    "faults on three lines": order(item(count="x") + item(price="y", sku="AB2") + item(sku="z")),
}


XS = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'{more}>{body}</xs:schema>"

# What the order says nothing of: each feature of schemas in a small one of its own.
SCHEMAS = {
    "order": ORDER,
    "types": XS.format(more="", body="""
  <xs:element name="a"><xs:complexType><xs:choice minOccurs="0" maxOccurs="unbounded">
    <xs:element name="date" type="xs:date"/><xs:element name="time" type="xs:dateTime"/>
    <xs:element name="truth" type="xs:boolean"/><xs:element name="byte" type="xs:byte"/>
    <xs:element name="double" type="xs:double"/><xs:element name="uri" type="xs:anyURI"/>
    <xs:element name="hex" type="xs:hexBinary"/><xs:element name="base64" type="xs:base64Binary"/>
    <xs:element name="name" type="xs:NCName"/><xs:element name="lang" type="xs:language"/>
    <xs:element name="span" type="xs:duration"/><xs:element name="token" type="xs:token"/>
    <xs:element name="list"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
    <xs:element name="union"><xs:simpleType><xs:union memberTypes="xs:int xs:boolean"/></xs:simpleType></xs:element>
    <xs:element name="color"><xs:simpleType><xs:restriction base="xs:string">
      <xs:enumeration value="red"/><xs:enumeration value="grün"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="short"><xs:simpleType><xs:restriction base="xs:string">
      <xs:minLength value="1"/><xs:maxLength value="3"/></xs:restriction></xs:simpleType></xs:element>
    <xs:element name="none" nillable="true" type="xs:int"/>
    <xs:element name="fixed" fixed="1" type="xs:int"/><xs:element name="default" default="7" type="xs:int"/>
    <xs:element name="empty"><xs:complexType/></xs:element>
  </xs:choice></xs:complexType></xs:element>"""),
    "mixed": XS.format(more="", body="""
  <xs:element name="p"><xs:complexType mixed="true"><xs:sequence>
    <xs:element name="b" type="xs:string" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    <xs:attribute name="class" type="xs:NMTOKENS"/><xs:attribute name="version" fixed="1"/>
    <xs:anyAttribute namespace="http://www.w3.org/XML/1998/namespace" processContents="skip"/>
  </xs:complexType></xs:element>"""),
    "namespaces": XS.format(more=" targetNamespace='urn:n' xmlns:n='urn:n'", body="""
  <xs:element name="a"><xs:complexType><xs:all>
    <xs:element name="local" type="xs:string"/><xs:element ref="n:global" minOccurs="0"/></xs:all>
    <xs:anyAttribute namespace="##other" processContents="lax"/></xs:complexType></xs:element>
  <xs:element name="global" type="xs:int"/>
  <xs:element name="box"><xs:complexType><xs:sequence>
    <xs:any namespace="##other" processContents="lax" maxOccurs="2"/></xs:sequence></xs:complexType></xs:element>"""),
    "keys": XS.format(more="", body="""
  <xs:element name="list"><xs:complexType><xs:sequence>
    <xs:element name="item" maxOccurs="unbounded"><xs:complexType>
      <xs:attribute name="id" type="xs:ID"/><xs:attribute name="key" type="xs:int"/>
      <xs:attribute name="after" type="xs:int"/></xs:complexType></xs:element></xs:sequence></xs:complexType>
    <xs:key name="k"><xs:selector xpath="item"/><xs:field xpath="@key"/></xs:key>
    <xs:keyref name="r" refer="k"><xs:selector xpath="item"/><xs:field xpath="@after"/></xs:keyref>
  </xs:element>"""),
    "derived": XS.format(more="", body="""
  <xs:element name="a" type="base"/>
  <xs:complexType name="base"><xs:sequence><xs:element name="x" type="xs:string"/></xs:sequence></xs:complexType>
  <xs:complexType name="more"><xs:complexContent><xs:extension base="base"><xs:sequence>
    <xs:element name="y" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
  <xs:element name="head" abstract="true" type="xs:string"/>
  <xs:element name="one" substitutionGroup="head" type="xs:string"/>
  <xs:element name="group"><xs:complexType><xs:sequence>
    <xs:element ref="head" maxOccurs="2"/></xs:sequence></xs:complexType></xs:element>"""),
}

XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"


def values(**elements):
    return f"<a {XSI}>\n" + "\n".join(f"<{name}>{value}</{name}>" for name, value in elements.items()) + "\n</a>"


VALIDATED_BY = {
    "types": {
        "all types right": values(
            date="2024-02-29", time="2024-01-01T00:00:00Z", truth="1", byte="-128", double="1e3", uri="a b",
            hex="0aFF", base64="YQ==", name="x-1", lang="de-AT", span="P1DT2H", token=" a b ", list="1 2  3",
            union="true", color="grün", short="äöü", fixed="1", default="", empty="",
        ),
        "all types wrong": values(
            date="2023-02-29", time="2024-01-01 00:00", truth="yes", byte="128", double="1,5", hex="0a0",
            base64="Y", name="1x", lang="de_AT", span="1D", list="1 x", union="2.5", color="blue",
            short="long", fixed="2", empty="x",
        ),
        "nothing in it": "<a/>",
        "nil": f"<a {XSI}><none xsi:nil='true'/></a>",
        "nil with content": f"<a {XSI}><none xsi:nil='true'>1</none></a>",
        "nil that may not be": f"<a {XSI}><byte xsi:nil='true'/></a>",
        "empty where a number is": values(byte=""),
        "space around a number": values(byte=" \n 7 "),
        "cdata in a number": "<a><byte><![CDATA[12]]></byte></a>",
        "comment in a number": "<a><byte>1<!-- c -->2</byte></a>",
        "reference in a number": "<a><byte>&#49;</byte></a>",
        "element in a number": "<a><byte><b/>1</byte></a>",
        "text that is too short": values(short=""),
        "wrong lines": "<a>\n\n<byte>\nx</byte>\n<truth\n>no</truth></a>",
        "many faults": values(byte="x").replace("</a>", "<byte>y</byte>" * 20 + "</a>"),
    },
    "mixed": {
        "mixed content": "<p>one <b>two</b> three <b>four</b> five</p>",
        "only text": "<p>x</p>",
        "empty mixed": "<p/>",
        "cdata in mixed": "<p><![CDATA[<b>]]><b>x</b></p>",
        "element that is none of it": "<p>one <i>two</i></p>",
        "element in a text": "<p><b>x<b>y</b></b></p>",
        "several tokens": "<p class='a  b c'/>",
        "no token": "<p class=''/>",
        "fixed attribute": "<p version='1'/>",
        "fixed attribute that is another": "<p version='2'/>",
        "attribute of xml": "<p xml:lang='de' xml:space='preserve'/>",
        "entity of its own": "<!DOCTYPE p [<!ENTITY e 'x'>]><p>&e;</p>",
    },
    "namespaces": {
        "local and global": "<n:a xmlns:n='urn:n'><local>x</local><n:global>1</n:global></n:a>",
        "in any order": "<n:a xmlns:n='urn:n'><n:global>1</n:global><local>x</local></n:a>",
        "local one with a namespace": "<a xmlns='urn:n'><local>x</local></a>",
        "global one without": "<n:a xmlns:n='urn:n'><local/><global>1</global></n:a>",
        "twice where once": "<n:a xmlns:n='urn:n'><local/><local/></n:a>",
        "missing of all": "<n:a xmlns:n='urn:n'><n:global>1</n:global></n:a>",
        "attribute of another": "<n:a xmlns:n='urn:n' xmlns:o='urn:o' o:x='1'><local/></n:a>",
        "attribute of none": "<n:a xmlns:n='urn:n' x='1'><local/></n:a>",
        "anything of others": "<box xmlns='urn:n'><x xmlns='urn:o'><y/></x><z xmlns='urn:p'/></box>",
        "too much of others": "<box xmlns='urn:n'><x xmlns='urn:o'/><x xmlns='urn:o'/><x xmlns='urn:o'/></box>",
        "one's own in a box": "<box xmlns='urn:n'><global>1</global></box>",
        "prefix of another name": "<m:global xmlns:m='urn:n'>x</m:global>",
        "no such namespace": "<n:a xmlns:n='urn:other'/>",
    },
    "keys": {
        "keys right": "<list><item id='a' key='1'/><item id='b' key='2' after='1'/></list>",
        "key twice": "<list>\n<item key='1'/>\n<item key='01'/>\n</list>",
        "no key": "<list><item/></list>",
        "after what is not there": "<list>\n<item key='1' after='2'/></list>",
        "id twice": "<list><item id='a' key='1'/>\n<item id='a' key='2'/></list>",
        "id that is none": "<list><item id='1' key='1'/></list>",
    },
    "derived": {
        "base": "<a><x/></a>",
        "derived without a word": "<a><x/><y>1</y></a>",
        "derived": f"<a {XSI} xsi:type='more'><x/><y>1</y></a>",
        "derived but wrong": f"<a {XSI} xsi:type='more'><x/><y>z</y></a>",
        "no such type": f"<a {XSI} xsi:type='nope'><x/></a>",
        "substitute": "<group><one>x</one><one/></group>",
        "abstract": "<group><head>x</head></group>",
        "three substitutes": "<group><one/><one/><one/></group>",
    },
}
for text, name in [("%", "huge text"), ("<![CDATA[%]]>", "huge cdata")]:
    VALIDATED_BY["mixed"][name] = (f"<p>{text}<b>{text}</b></p>", ["0123456789", 100_000])
VALIDATED_BY["types"]["huge and too long"] = ("<a><token>%</token><byte>x</byte></a>", ["0123456789", 100_000])


def plain(value):
    """A value of XPath, as JSON has it; no number of XPath but not of JSON."""
    if isinstance(value, list):
        return [plain_node(node) for node in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def plain_node(node):
    """A node's text; none of an element with elements, since there are many ways to write it."""
    if isinstance(node, etree._Element):
        return None if len(node) else node.xpath("string()")
    return str(node)


def folded(value, fill):
    """What stands for `%` is taken out again."""
    if not fill:
        return value
    return json.loads(json.dumps(value, ensure_ascii=False).replace(fill[0] * fill[1], "%"))


def document_row(name, document):
    text, fill = document if isinstance(document, tuple) else (document, None)
    row = {"name": name}
    if isinstance(text, bytes):
        row["base64"] = base64.b64encode(text).decode()
        data = text
    else:
        row["text"] = text
        data = text.replace("%", fill[0] * fill[1] if fill else "%").encode()
    if fill:
        row["fill"] = fill
    try:
        row["json"] = folded(xmltodict.parse(data), fill)
    except Exception:
        row["json"] = None
    try:
        tree = etree.ElementTree(etree.fromstring(data, etree.XMLParser(resolve_entities=False)))
        found = [tree.xpath(path, namespaces=NAMESPACES, smart_strings=False) for path in PATHS]
        row["paths"] = folded([plain(value) for value in found], fill)
    except (etree.XMLSyntaxError, ValueError):
        row["paths"] = None
    return row


def validated_row(name, document, schema):
    text, fill = document if isinstance(document, tuple) else (document, None)
    rules = etree.XMLSchema(etree.fromstring(SCHEMAS[schema]))
    rules.validate(etree.fromstring(text.replace("%", fill[0] * fill[1]) if fill else text))
    messages = [[error.line, error.message] for error in rules.error_log]
    row = {"name": name, "schema": schema, "text": text, "messages": messages}
    return {**row, "fill": fill} if fill else row


VALIDATED_BY["order"] = VALIDATED
table = {
    "namespaces": NAMESPACES,
    "paths": PATHS,
    "documents": [document_row(name, document) for name, document in DOCUMENTS.items()],
    "schemas": SCHEMAS,
    "validated": [
        validated_row(name, document, schema)
        for schema, documents in VALIDATED_BY.items()
        for name, document in documents.items()
    ],
}
target = pathlib.Path(__file__).with_name("table.json")
with target.open("w", encoding="utf-8") as file:
    rows = {key: value for key, value in table.items() if not isinstance(value, list) or key == "paths"}
    lines = [f'"{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in rows.items()]
    for key in ["documents", "validated"]:
        body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in table[key])
        lines.append(f'"{key}": [\n{body}\n]')
    file.write("{\n" + ",\n".join(lines) + "\n}\n")
print(len(DOCUMENTS), "documents,", len(table["validated"]), "validated,", target.stat().st_size, "bytes")
