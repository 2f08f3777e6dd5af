//! Rewriting: the same configuration, written in another way. What a rule says must not change.

use secure_lint::rule::Reads;
use secure_lint::source::{Span, parent_of};
use secure_lint::syntax::hcl::{Block, Body};

use super::Variant;
use super::json::to_json;
use super::spell::{Spelling, documents, overridden};
use super::terraform::{Edit, Files, Literal, Position, edited, is_tf, literals, parse, references, roots};

/// The example in every other way of writing that the rule does not read. Literals move all at once.
pub(super) fn rewritings(files: &Files, reads: Reads) -> Vec<Variant> {
    let parsed: Vec<(&String, &String, Body)> = files
        .iter()
        .filter(|(path, _)| is_tf(path))
        .filter_map(|(path, text)| Some((path, text, parse(text)?)))
        .collect();
    let mut variants = vec![Variant::new("comment", "non-ASCII text above".to_owned(), with_comment(files))];
    if parsed.is_empty() {
        return variants;
    }
    let mut add = |kind: &'static str, changed: Option<Files>| {
        if let Some(changed) = changed.filter(|changed| changed != files) {
            variants.push(Variant::new(kind, "the whole example".to_owned(), changed));
        }
    };
    if !reads.literals {
        for way in Way::ALL {
            add(way.name(), Some(moved(files, &parsed, way)));
        }
    }
    if !reads.literals && !reads.layout {
        let once = into_module(files, &parsed);
        let twice = once.as_ref().and_then(|once| {
            let parsed: Vec<(&String, &String, Body)> = once
                .iter()
                .filter(|(path, _)| is_tf(path) && parent_of(path).is_empty())
                .filter_map(|(path, text)| Some((path, text, parse(text)?)))
                .collect();
            nested_once_more(once, &parsed)
        });
        add("module", once);
        add("module in a module", twice);
    }
    if !reads.names {
        add("rename", renamed(files, &parsed));
    }
    if !reads.layout {
        add("count", Some(expanded(files, &parsed, "count = 1", "[0]")));
        add("for_each", Some(expanded(files, &parsed, "for_each = toset([\"only\"])", "[\"only\"]")));
        add("dynamic", Some(dynamic(files, &parsed)));
        add("split", Some(split(files, &parsed)));
        add("json", Some(as_json(files, &parsed)));
        add("override", overridden(files, &parsed));
        for spelling in Spelling::ALL {
            add(spelling.name(), Some(documents(files, &parsed, spelling)));
        }
    }
    add("reorder", Some(reordered(files, &parsed)));
    variants
}

/// How a literal comes to the place where it is needed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Variable,
    VarFile,
    Local,
    Condition,
    Lookup,
    Merge,
}

impl Way {
    const ALL: [Way; 6] = [Way::Variable, Way::VarFile, Way::Local, Way::Condition, Way::Lookup, Way::Merge];

    fn name(self) -> &'static str {
        match self {
            Way::Variable => "variable",
            Way::VarFile => "tfvars",
            Way::Local => "local",
            Way::Condition => "conditional",
            Way::Lookup => "lookup",
            Way::Merge => "merge",
        }
    }
}

fn moved(files: &Files, parsed: &[(&String, &String, Body)], way: Way) -> Files {
    let roots = roots(files);
    let mut changed = files.clone();
    let mut n_moved = 0;
    for (path, text, body) in parsed {
        let folder = parent_of(path);
        if way == Way::VarFile && !roots.contains(folder) {
            continue;
        }
        let movable = |literal: &Literal| literal.position == Position::Expression;
        let mut edits = Vec::new();
        let mut declarations = String::new();
        let mut values = String::new();
        for literal in literals(body).into_iter().filter(movable) {
            let written = &text[literal.span.range()];
            let name = format!("moved_{n_moved}");
            n_moved += 1;
            let replacement = match way {
                Way::Variable => {
                    declarations.push_str(&format!("variable \"{name}\" {{\n  default = {written}\n}}\n"));
                    format!("var.{name}")
                }
                Way::VarFile => {
                    declarations.push_str(&format!("variable \"{name}\" {{}}\n"));
                    values.push_str(&format!("{name} = {written}\n"));
                    format!("var.{name}")
                }
                Way::Local => {
                    declarations.push_str(&format!("locals {{\n  {name} = {written}\n}}\n"));
                    format!("local.{name}")
                }
                Way::Condition => format!("(1 < 2 ? {written} : null)"),
                Way::Lookup => format!("lookup({{ it = {written} }}, \"it\", null)"),
                Way::Merge => format!("merge({{ other = 1 }}, {{ it = {written} }})[\"it\"]"),
            };
            edits.push(Edit::replace(literal.span, replacement));
        }
        changed.insert((*path).clone(), edited(text, edits));
        let inside = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        if !declarations.is_empty() {
            changed.entry(inside("zz_moved.tf")).or_default().push_str(&declarations);
        }
        if !values.is_empty() {
            let file = changed.entry(inside("terraform.tfvars")).or_default();
            if !file.is_empty() && !file.ends_with('\n') {
                file.push('\n');
            }
            file.push_str(&values);
        }
    }
    changed
}

/// A comment with characters of several bytes at the top of each file that has comments.
fn with_comment(files: &Files) -> Files {
    let mut changed = files.clone();
    for (path, text) in &mut changed {
        let has_comments = [".tf", ".tfvars", ".yml", ".yaml", ".toml"].iter().any(|ending| path.ends_with(ending));
        if has_comments {
            text.insert_str(0, "# “größer” 😀\n\n");
        }
    }
    changed
}

/// Everything but `terraform` and `provider` blocks goes into a local module, with its variables passed on. Only for
/// examples that are one folder of Terraform: what other files say about that folder would no longer hold.
fn into_module(files: &Files, parsed: &[(&String, &String, Body)]) -> Option<Files> {
    let is_alone = files.keys().all(|path| (is_tf(path) || path.ends_with(".tfvars")) && parent_of(path).is_empty());
    if !is_alone {
        return None;
    }
    let mut changed = Files::new();
    let mut root = String::new();
    let mut call = String::from("module \"moved\" {\n  source = \"./moved_module\"\n");
    for (path, text, body) in parsed {
        let mut edits = Vec::new();
        for block in &body.blocks {
            match &*block.kind {
                "terraform" | "provider" => {
                    root.push_str(&text[block.span.range()]);
                    root.push('\n');
                    edits.push(Edit::replace(block.span, ""));
                }
                "variable" => {
                    let name = block.label(0)?;
                    root.push_str(&text[block.span.range()]);
                    root.push('\n');
                    call.push_str(&format!("  {name} = var.{name}\n"));
                }
                _ => {}
            }
        }
        changed.insert(format!("moved_module/{path}"), edited(text, edits));
    }
    call.push_str("}\n");
    root.push_str(&call);
    changed.insert("main.tf".to_owned(), root);
    changed.extend(files.iter().filter(|(path, _)| path.ends_with(".tfvars")).map(|(a, b)| (a.clone(), b.clone())));
    Some(changed)
}

/// Puts the root that `into_module` made into a module of its own.
fn nested_once_more(files: &Files, parsed: &[(&String, &String, Body)]) -> Option<Files> {
    let [(path, text, body)] = parsed else { return None };
    let mut changed = files.clone();
    let mut root = String::new();
    let mut call = String::from("module \"outer\" {\n  source = \"./outer_module\"\n");
    let mut edits = Vec::new();
    for block in &body.blocks {
        match &*block.kind {
            "terraform" | "provider" => {
                root.push_str(&text[block.span.range()]);
                root.push('\n');
                edits.push(Edit::replace(block.span, ""));
            }
            "variable" => {
                let name = block.label(0)?;
                root.push_str(&text[block.span.range()]);
                root.push('\n');
                call.push_str(&format!("  {name} = var.{name}\n"));
            }
            "module" => {
                let source = block.body.attribute("source")?;
                edits.push(Edit::replace(source.value.span, "\"../moved_module\""));
            }
            _ => {}
        }
    }
    call.push_str("}\n");
    root.push_str(&call);
    changed.insert("outer_module/main.tf".to_owned(), edited(text, edits));
    changed.insert((*path).clone(), root);
    Some(changed)
}

/// Other names for resources, data sources, modules and locals. An example whose other files name them is left alone.
fn renamed(files: &Files, parsed: &[(&String, &String, Body)]) -> Option<Files> {
    let mut names: Vec<Vec<String>> = Vec::new();
    for (_, _, body) in parsed {
        for block in &body.blocks {
            let labels: Vec<String> = block.labels.iter().map(|label| label.text.to_string()).collect();
            match &*block.kind {
                "resource" => names.push(labels),
                "data" | "module" => names.push(std::iter::once(block.kind.to_string()).chain(labels).collect()),
                "locals" => names.extend(
                    block.body.attributes.iter().map(|attribute| vec!["local".to_owned(), attribute.name.to_string()]),
                ),
                _ => {}
            }
        }
    }
    let others = files.iter().filter(|(path, _)| !is_tf(path));
    for (_, text) in others {
        if names.iter().any(|words| text.contains(&words.join("."))) {
            return None;
        }
    }
    let mut changed = files.clone();
    for (path, text, body) in parsed {
        let mut edits = Vec::new();
        for block in &body.blocks {
            match &*block.kind {
                "resource" | "data" | "module" => {
                    let label = block.labels.last()?;
                    edits.push(Edit::replace(label.span, format!("\"{}_renamed\"", label.text)));
                }
                "locals" => edits
                    .extend(block.body.attributes.iter().map(|it| Edit::insert(it.name_span.end as usize, "_renamed"))),
                _ => {}
            }
        }
        for reference in references(body).into_iter().filter(|reference| names.contains(&reference.words)) {
            edits.push(Edit::insert(reference.name.end as usize, "_renamed"));
        }
        changed.remove(*path);
        changed.insert(beside(path, "renamed"), edited(text, edits));
    }
    Some(changed)
}

/// Every resource and data source with `count` or `for_each`, and every reference to one with the index.
fn expanded(files: &Files, parsed: &[(&String, &String, Body)], argument: &str, index: &str) -> Files {
    let is_plain = |block: &&Block| {
        let body = &block.body;
        matches!(&*block.kind, "resource" | "data")
            && body.attribute("count").is_none()
            && body.attribute("for_each").is_none()
    };
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    for (path, _, body) in parsed {
        for block in body.blocks.iter().filter(is_plain) {
            let mut words: Vec<String> = block.labels.iter().map(|label| label.text.to_string()).collect();
            if &*block.kind == "data" {
                words.insert(0, "data".to_owned());
            }
            names.push((parent_of(path).to_owned(), words));
        }
    }
    let mut changed = files.clone();
    for (path, text, body) in parsed {
        let folder = parent_of(path);
        let mut edits: Vec<Edit> = body
            .blocks
            .iter()
            .filter(is_plain)
            .filter_map(|block| {
                let behind = block.header_span.end as usize;
                let brace = text[behind..].find('{')?;
                // A block on one line holds one argument at most.
                let is_on_one_line = !text[block.span.range()].contains('\n');
                let is_empty = block.body.attributes.is_empty();
                (!is_on_one_line || is_empty).then(|| Edit::insert(behind + brace + 1, format!("\n  {argument}\n")))
            })
            .collect();
        if edits.len() != body.blocks.iter().filter(is_plain).count() {
            return files.clone();
        }
        for reference in references(body) {
            let is_expanded = names.iter().any(|(of, words)| of == folder && *words == reference.words);
            if is_expanded && !reference.is_indexed && !reference.is_address {
                edits.push(Edit::insert(reference.name.end as usize, index));
            }
        }
        changed.insert((*path).clone(), edited(text, edits));
    }
    changed
}

/// Every block inside a resource or data source as a `dynamic` block with one member.
fn dynamic(files: &Files, parsed: &[(&String, &String, Body)]) -> Files {
    let mut changed = files.clone();
    for (path, text, body) in parsed {
        let mut edits = Vec::new();
        for block in body.blocks.iter().filter(|block| matches!(&*block.kind, "resource" | "data")) {
            for inner in &block.body.blocks {
                let is_special = matches!(
                    &*inner.kind,
                    "lifecycle" | "provisioner" | "connection" | "dynamic" | "timeouts" | "precondition"
                );
                if is_special || !inner.labels.is_empty() {
                    continue;
                }
                let content = text[inner.header_span.end as usize..inner.span.end as usize].trim_start();
                let kind = &inner.kind;
                let written = format!("dynamic \"{kind}\" {{\n    for_each = [1]\n    content {content}\n  }}");
                edits.push(Edit::replace(inner.span, written));
            }
        }
        changed.insert((*path).clone(), edited(text, edits));
    }
    changed
}

/// The top-level blocks of each file in reverse order, each with the comments above it.
fn reordered(files: &Files, parsed: &[(&String, &String, Body)]) -> Files {
    let mut changed = files.clone();
    for (path, text, body) in parsed {
        let mut pieces = pieces(text, body);
        pieces.reverse();
        changed.insert((*path).clone(), pieces.join("\n") + "\n");
    }
    changed
}

/// Each top-level block in a file of its own.
fn split(files: &Files, parsed: &[(&String, &String, Body)]) -> Files {
    let mut changed = files.clone();
    for (path, text, body) in parsed {
        changed.remove(*path);
        for (index, piece) in pieces(text, body).into_iter().enumerate() {
            changed.insert(beside(path, &format!("part{index}")), format!("{piece}\n"));
        }
    }
    changed
}

/// Another name in the same folder, with the same ending: an override file stays one.
fn beside(path: &str, word: &str) -> String {
    let folder = parent_of(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    if folder.is_empty() { format!("{word}_{name}") } else { format!("{folder}/{word}_{name}") }
}

fn pieces<'a>(text: &'a str, body: &Body) -> Vec<&'a str> {
    let mut spans: Vec<Span> = body.blocks.iter().map(|block| block.span).collect();
    spans.sort_by_key(|span| span.start);
    let mut pieces = Vec::new();
    let mut from = 0;
    for (index, span) in spans.iter().enumerate() {
        // What stands behind the last block belongs to it.
        let line_end = text[span.end as usize..].find('\n').map_or(text.len(), |at| span.end as usize + at);
        let end = if index + 1 == spans.len() { text.len() } else { line_end };
        pieces.push(text[from..end].trim_matches('\n'));
        from = end;
    }
    pieces
}

fn as_json(files: &Files, parsed: &[(&String, &String, Body)]) -> Files {
    let mut changed = files.clone();
    for (path, text, body) in parsed {
        changed.remove(*path);
        changed.insert(format!("{path}.json"), to_json(text, body));
    }
    changed
}
