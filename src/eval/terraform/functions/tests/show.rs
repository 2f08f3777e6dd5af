//! Values in a short notation: `[ ]` tuple, `{ }` object, `list[ ]`, `set[ ]`, `map{ }`; `⟦x⟧` hole; `→a.b.c`
//! reference; `?code` unknown; `!code` unknown that is an error; `…?code` open.

use crate::value::{Kind, ListFlavour, MapFlavour, Piece, Text, Value, is_error_code};

pub(super) fn show(value: &Value) -> String {
    match &value.kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("{:?}", show_text(text)),
        Kind::Reference(reference) => format!("→{}.{}", reference.address, reference.path),
        Kind::Unknown(unknown) if is_error_code(unknown.reason.code) => format!("!{}", unknown.reason.code),
        Kind::Unknown(unknown) => format!("?{}", unknown.reason.code),
        Kind::List(list) => {
            let flavour = match list.flavour {
                ListFlavour::Tuple => "",
                ListFlavour::List => "list",
                ListFlavour::Set => "set",
            };
            let mut members: Vec<String> = list.items.iter().map(show).collect();
            members.extend(list.open.as_ref().map(|open| format!("…?{}", open.code)));
            format!("{flavour}[{}]", members.join(", "))
        }
        Kind::Map(map) => {
            let flavour = if map.flavour == MapFlavour::Object { "" } else { "map" };
            let mut members: Vec<String> =
                map.entries.iter().map(|(key, value)| format!("{key} = {}", show(value))).collect();
            members.extend(map.open.as_ref().map(|open| format!("…?{}", open.code)));
            format!("{flavour}{{{}}}", members.join(", "))
        }
    }
}

fn show_text(text: &Text) -> String {
    let pieces = text.pieces().iter().map(|piece| match piece {
        Piece::Literal(text, _) => text.to_string(),
        Piece::Hole(value) => match &value.kind {
            Kind::Reference(reference) => format!("⟦{}.{}⟧", reference.address, reference.path),
            Kind::Unknown(unknown) if !unknown.may_fail && !unknown.reason.object.is_empty() => {
                format!("⟦{}⟧", unknown.reason.object)
            }
            _ => "⟦?⟧".to_owned(),
        },
    });
    pieces.collect()
}
