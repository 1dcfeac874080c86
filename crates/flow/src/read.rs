//! Reads Rust values from a positioned tree; errors know where they came up.

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::fault::{Fault, Tracker};
use crate::node::{Content, Entry, Node};
use crate::scalar;
use crate::source::Span;

/// A place in a tree to read from.
#[derive(Clone, Copy)]
pub(crate) struct Read<'a> {
    pub(crate) node: &'a Node,
    pub(crate) tracker: &'a Tracker,
}

impl<'a> Read<'a> {
    fn at(self, node: &'a Node) -> Read<'a> {
        Read { node, ..self }
    }

    fn located<T>(self, result: Result<T, Fault>) -> Result<T, Fault> {
        result.map_err(|fault| {
            let fault = if self.node.secret { hide(fault) } else { fault };
            let said = fault.message.clone();
            let fault = fault.or_hint(|| trap(self.node, &said));
            self.tracker.locate(fault, self.node.span)
        })
    }

    /// Reads a part of a list or map. A type that is made of another one, as by `try_from`, finds out what
    /// is wrong when all is read; here its place is known still.
    fn seed<'de, T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self).map_err(|fault| {
            let fault = if self.node.secret { hide(fault) } else { fault };
            self.tracker.locate(fault, self.node.span)
        })
    }

    fn visit<'de, V: Visitor<'de>>(self, content: &Content, visitor: V) -> Result<V::Value, Fault> {
        match content {
            Content::Null => visitor.visit_unit(),
            Content::Bool(value) => visitor.visit_bool(*value),
            Content::Int(value) if *value < 0 => visitor.visit_i64(*value),
            Content::Int(value) => visitor.visit_u64(value.unsigned_abs()),
            Content::Big(value) => visitor.visit_u64(*value),
            Content::Float(value) => visitor.visit_f64(*value),
            Content::Text(text) => visitor.visit_str(text),
            Content::List(items) => visitor.visit_seq(Items {
                read: self,
                items: items.iter(),
            }),
            Content::Map(entries) => visitor.visit_map(Entries {
                read: self,
                entries: entries.iter(),
                value: None,
            }),
        }
    }

    /// Visits what has to be a number or a truth value: what was put in as text is read as one.
    fn visit_typed<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = match (&self.node.content, self.node.given) {
            (Content::Text(text), true) => self.visit(&scalar::resolve(text), visitor),
            (content, _) => self.visit(content, visitor),
        };
        self.located(result)
    }

    /// Visits what has to be text: what was put in is text as it was given.
    fn visit_text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let text = self.node.text().filter(|_| self.node.given);
        let result = match text {
            Some(text) => visitor.visit_str(&text),
            None => self.visit(&self.node.content, visitor),
        };
        self.located(result)
    }
}

/// Says less about a value that must not be shown.
fn hide(fault: Fault) -> Fault {
    let expected = fault
        .message
        .split_once(", found ")
        .map(|(expected, _)| expected.to_owned());
    let message = expected.unwrap_or_else(|| "the value is not valid".into());
    Fault {
        message: format!("{message}, found a secret of another form"),
        hint: None,
    }
}

/// Explains a scalar that YAML takes for something else than its writer did.
fn trap(node: &Node, message: &str) -> Option<String> {
    let is_other = [
        "expected a whole number",
        "expected a number",
        "expected true",
    ];
    // What says how it is written needs no other advice.
    if message.contains("write it like") {
        return None;
    }
    let is_other = is_other.iter().any(|other| message.starts_with(other));
    match (&node.content, &node.raw) {
        (Content::Text(text), _) => match &*text.to_lowercase() {
            "yes" | "on" => Some(format!("`{text}` is text in YAML 1.2; write true")),
            "no" | "off" => Some(format!("`{text}` is text in YAML 1.2; write false")),
            _ => None,
        },
        (Content::Bool(_) | Content::Int(_) | Content::Big(_) | Content::Float(_), Some(raw))
            if !is_other =>
        {
            Some(format!("write \"{raw}\" if it is meant as text"))
        }
        (Content::Null, Some(raw)) if !raw.is_empty() => Some(format!(
            "`{raw}` is nothing in YAML; write \"{raw}\" if it is meant as text"
        )),
        _ => None,
    }
}

macro_rules! forward {
    ($to:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.$to(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Read<'_> {
    type Error = Fault;

    forward! { visit_typed: deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    deserialize_f32 deserialize_f64 }
    forward! { visit_text: deserialize_char deserialize_str deserialize_string deserialize_bytes
    deserialize_byte_buf deserialize_identifier }
    forward! { deserialize_any: deserialize_seq deserialize_map }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = self.visit(&self.node.content, visitor);
        self.located(result)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let result = match self.node.content {
            Content::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        };
        self.located(result)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.content {
            Content::Map(entries) => match entries.first() {
                None => self.located(visitor.visit_unit()),
                Some(entry) => {
                    let fault = Fault::new(format!("unknown setting `{}`", entry.key));
                    let fault = fault.or_hint(|| Some("there are no settings".into()));
                    Err(self.tracker.locate(fault, entry.key_span))
                }
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let result = visitor.visit_newtype_struct(self);
        self.located(result)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.deserialize_any(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let result = match &self.node.content {
            Content::Map(entries) if entries.len() == 1 => visitor.visit_enum(Variant {
                read: self,
                name: &entries[0].key,
                name_span: entries[0].key_span,
                value: Some(&entries[0].value),
            }),
            Content::List(_) | Content::Map(_) => self.visit(&self.node.content, visitor),
            _ => visitor.visit_enum(Variant {
                read: self,
                name: &self.node.text().unwrap_or_default(),
                name_span: self.node.span,
                value: None,
            }),
        };
        self.located(result)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }
}

struct Items<'a> {
    read: Read<'a>,
    items: std::slice::Iter<'a, Node>,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        self.items
            .next()
            .map(|item| self.read.at(item).seed(seed))
            .transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

struct Entries<'a> {
    read: Read<'a>,
    entries: std::slice::Iter<'a, Entry>,
    value: Option<&'a Node>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let Some(entry) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some(&entry.value);
        let glued = entry.value.is_null() && entry.key.contains(':');
        let name = Name {
            text: &entry.key,
            span: entry.key_span,
            hint: glued.then_some("a space belongs behind the colon"),
            tracker: self.read.tracker,
        };
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let value = self
            .value
            .take()
            .ok_or_else(|| Fault::new("a value was asked for before its key"))?;
        self.read.at(value).seed(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.entries.len())
    }
}

struct Variant<'a, 'n> {
    read: Read<'a>,
    name: &'n str,
    name_span: Span,
    value: Option<&'a Node>,
}

impl<'de, 'a> EnumAccess<'de> for Variant<'a, '_> {
    type Error = Fault;
    type Variant = Inside<'a>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Inside<'a>), Fault> {
        let Variant {
            name: text,
            name_span: span,
            ..
        } = self;
        let variant = seed.deserialize(Name {
            text,
            span,
            hint: None,
            tracker: self.read.tracker,
        })?;
        Ok((variant, Inside(self.value.map(|value| self.read.at(value)))))
    }
}

/// What a variant carries.
struct Inside<'a>(Option<Read<'a>>);

impl Inside<'_> {
    fn read(&self) -> Result<Read<'_>, Fault> {
        self.0
            .ok_or_else(|| Fault::new("this name takes settings; write it as `name: …`"))
    }
}

impl<'de> VariantAccess<'de> for Inside<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.0 {
            Some(read) => serde::Deserialize::deserialize(read),
            None => Ok(()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.read()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        self.read()?.deserialize_any(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.read()?.deserialize_any(visitor)
    }
}

/// The name of a setting or of a variant.
struct Name<'a> {
    text: &'a str,
    span: Span,
    hint: Option<&'static str>,
    tracker: &'a Tracker,
}

impl<'de> Deserializer<'de> for Name<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_str(self.text).map_err(|fault: Fault| {
            let hint = self.hint.map(str::to_owned).or(fault.hint);
            self.tracker.locate(Fault { hint, ..fault }, self.span)
        })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
