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


def validated_row(name, document):
    schema = etree.XMLSchema(etree.fromstring(ORDER))
    schema.validate(etree.fromstring(document))
    messages = [[error.line, error.message] for error in schema.error_log]
    return {"name": name, "text": document, "messages": messages}


table = {
    "namespaces": NAMESPACES,
    "paths": PATHS,
    "documents": [document_row(name, document) for name, document in DOCUMENTS.items()],
    "schema": ORDER,
    "validated": [validated_row(name, document) for name, document in VALIDATED.items()],
}
target = pathlib.Path(__file__).with_name("table.json")
with target.open("w", encoding="utf-8") as file:
    rows = {key: value for key, value in table.items() if not isinstance(value, list) or key == "paths"}
    lines = [f'"{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in rows.items()]
    for key in ["documents", "validated"]:
        body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in table[key])
        lines.append(f'"{key}": [\n{body}\n]')
    file.write("{\n" + ",\n".join(lines) + "\n}\n")
print(len(DOCUMENTS), "documents,", len(VALIDATED), "validated,", target.stat().st_size, "bytes")
