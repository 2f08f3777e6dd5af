//! Functions on paths and files. Files are those of the `World`; nothing here touches a disk.

use sha2::{Digest, Sha256, Sha512};

use super::call::{Answer, Call, Fault, Function};
use super::encoding::base64;
use super::hash::{md5, sha1, sha256, sha512};
use super::{Template, glob};
use crate::logic::Reason;
use crate::source::{Content, FileId, Span, clean_path};
use crate::value::{ListFlavour, Origin, Piece, Text, TextBuilder, Type, Value, convert, nfc};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abspath", 1, 1, abspath),
    Function::new("basename", 1, 1, basename),
    Function::new("dirname", 1, 1, dirname),
    Function::new("file", 1, 1, file),
    Function::new("filebase64", 1, 1, |call| of_bytes(call, base64)),
    Function::new("filebase64sha256", 1, 1, |call| of_bytes(call, |bytes| base64(&Sha256::digest(bytes)))),
    Function::new("filebase64sha512", 1, 1, |call| of_bytes(call, |bytes| base64(&Sha512::digest(bytes)))),
    Function::new("fileexists", 1, 1, fileexists),
    Function::new("filemd5", 1, 1, |call| of_bytes(call, md5)),
    Function::new("fileset", 2, 2, fileset),
    Function::new("filesha1", 1, 1, |call| of_bytes(call, sha1)),
    Function::new("filesha256", 1, 1, |call| of_bytes(call, sha256)),
    Function::new("filesha512", 1, 1, |call| of_bytes(call, sha512)),
    Function::new("pathexpand", 1, 1, pathexpand),
    Function::new("templatefile", 2, 2, templatefile),
];

/// The largest file that a function reads.
const LARGEST: usize = 4 << 20;

/// The object of the reason of `path.cwd`, by which file functions know it.
const CWD: &str = "path.cwd";

/// `path.cwd`: not known, and the root's folder as far as files are concerned.
pub(super) fn cwd(origin: Origin) -> Value {
    Value::unknown(Reason::new("run-directory", CWD), origin).never_null()
}

fn is_cwd(value: &Value) -> bool {
    value.reason().is_some_and(|reason| reason.object == CWD)
}

/// A path in the world, from an argument that is relative to the root's folder or to `path.cwd`.
fn path(call: &Call<'_>, index: usize) -> Result<String, Fault> {
    let text = call.text(index)?;
    let relative = match text.pieces() {
        [Piece::Hole(hole)] if is_cwd(hole) => ".",
        [Piece::Hole(hole), Piece::Literal(rest, _)] if is_cwd(hole) && rest.starts_with('/') => &rest[1..],
        _ => text.known().ok_or(Fault::Derived)?,
    };
    if relative.starts_with('~') {
        return Err(call.unknown("path-home", relative));
    }
    if relative.starts_with('/') {
        return Err(call.unknown("outside-tree", relative));
    }
    clean_path(call.context.folder, relative).ok_or_else(|| call.unknown("outside-tree", relative))
}

/// The file that the first argument names.
fn find(call: &Call<'_>) -> Result<FileId, Fault> {
    let path = path(call, 0)?;
    call.context.world.find(&path).ok_or_else(|| call.unknown("file-not-in-tree", path))
}

fn bytes<'a>(call: &Call<'a>, id: FileId) -> Result<&'a [u8], Fault> {
    let file = call.context.world.file(id);
    match (&file.content, file.bytes()) {
        (Content::Unread(reason), _) => Err(call.unknown(reason, file.path.as_str())),
        (_, Some(bytes)) if bytes.len() <= LARGEST => Ok(bytes),
        (_, _) => Err(call.unknown("too-large", file.path.as_str())),
    }
}

fn of_bytes(call: &Call<'_>, change: fn(&[u8]) -> String) -> Answer {
    let id = find(call)?;
    Ok(call.made_known(&change(bytes(call, id)?)))
}

fn file(call: &Call<'_>) -> Answer {
    let id = find(call)?;
    let bytes = bytes(call, id)?;
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(call.wrong(format!("{} is not UTF-8", call.context.world.file(id).path)));
    };
    Ok(Value::text(nfc(text), Origin::written(Span::new(id, 0, bytes.len()))))
}

/// A file that is not there now may be made before the run.
fn fileexists(call: &Call<'_>) -> Answer {
    find(call).map(|_| call.made_bool(true))
}

fn templatefile(call: &Call<'_>) -> Answer {
    let id = find(call)?;
    let bytes = bytes(call, id)?;
    let variables = call.map(1)?;
    if std::str::from_utf8(bytes).is_err() {
        return Err(call.wrong(format!("{} is not UTF-8", call.context.world.file(id).path)));
    }
    Ok(call.context.templates.render(Template::File(id), variables))
}

fn fileset(call: &Call<'_>) -> Answer {
    let folder = path(call, 0)?;
    let pattern = call.known(1)?;
    let matcher = glob::compile(&pattern).map_err(|message| call.wrong(message))?;
    let world = call.context.world;
    let prefix = if folder.is_empty() { 0 } else { folder.len() + 1 };
    let mut items = Vec::new();
    for (id, file) in world.below(&folder) {
        let relative = &file.path[prefix..];
        if matcher.is_match(relative) {
            items.push(Value::text(nfc(relative), Origin::written(Span::file_start(id))));
        }
    }
    let open = match items.is_empty() {
        true => Some(Reason::at("file-not-in-tree", format!("{folder}/{pattern}"), call.context.span)),
        false => None,
    };
    let list = call.made_list(items, ListFlavour::List, open);
    convert(&list, &Type::Set(Box::new(Type::Text))).map_err(Fault::Error)
}

fn abspath(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    if matches!(text.pieces().first(), Some(Piece::Hole(hole)) if is_cwd(hole)) {
        return Ok(call.made(text));
    }
    let path = call.known(0)?;
    if path.starts_with('/') {
        return Ok(call.made_known(&cleaned(&path)));
    }
    let mut builder = TextBuilder::default();
    builder.hole(cwd(call.origin()));
    match cleaned(&path).as_str() {
        "." => {}
        relative => builder.literal(&format!("/{relative}"), &call.origin()),
    }
    Ok(call.made(builder.finish()))
}

fn pathexpand(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    if text.prefix().starts_with('~') {
        return Err(call.unknown("path-home", text.to_string()));
    }
    if text.known().is_none() && text.prefix().is_empty() && !text.pieces().iter().any(is_cwd_piece) {
        return Err(Fault::Derived);
    }
    Ok(call.made(text))
}

fn is_cwd_piece(piece: &Piece) -> bool {
    matches!(piece, Piece::Hole(hole) if is_cwd(hole))
}

fn basename(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    if let Some(known) = text.known() {
        let trimmed = known.trim_end_matches('/');
        let name = match (known, trimmed) {
            ("", _) => ".",
            (_, "") => "/",
            (_, trimmed) => trimmed.rsplit('/').next().unwrap_or(trimmed),
        };
        return Ok(call.made_known(name));
    }
    // What follows the last slash, if something does for certain.
    match text.suffix().rsplit_once('/') {
        Some((_, name)) if !name.is_empty() => Ok(call.made_known(name)),
        _ => Err(Fault::Derived),
    }
}

fn dirname(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    if let Some(known) = text.known() {
        let folder = known.rfind('/').map_or("", |at| &known[..=at]);
        return Ok(call.made_known(&cleaned(folder)));
    }
    let starts_at_cwd = text.pieces().first().is_some_and(is_cwd_piece) && text.pieces().len() == 2;
    match text.suffix().rsplit_once('/') {
        Some((folder, _)) if starts_at_cwd => {
            let mut pieces = text.pieces()[..1].to_vec();
            let folder = cleaned(&format!("{folder}/"));
            if folder != "/" && folder != "." {
                pieces.push(Piece::Literal(folder.into(), call.origin()));
            }
            Ok(call.made(Text::from_pieces(pieces)))
        }
        _ => Err(Fault::Derived),
    }
}

/// A path without `.`, `..` and doubled slashes, as far as it goes; never empty.
fn cleaned(path: &str) -> String {
    let is_absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    match (is_absolute, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
