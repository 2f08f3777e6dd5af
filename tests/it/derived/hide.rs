//! Hiding: a literal gives way to something that nobody knows. What a rule says may then become unknown; if it turns
//! into its opposite, somewhere an unknown was taken for a value.

use secure_lint::source::{FileId, parent_of};
use secure_lint::syntax::yaml::{self, Kind, Node};

use super::Variant;
use super::terraform::{Edit, Files, Position, edited, is_tf, literals, parse, roots};

/// The example once per literal that can be hidden.
pub(super) fn hidings(files: &Files) -> Vec<Variant> {
    let roots = roots(files);
    let mut variants = Vec::new();
    for (path, text) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        if is_tf(path) {
            if roots.contains(parent_of(path)) {
                terraform(files, path, text, &mut variants);
            }
        } else if is_workflow(path) {
            workflow(files, path, text, &mut variants);
        } else if name == "Dockerfile" || name.ends_with(".Dockerfile") || name.starts_with("Dockerfile.") {
            dockerfile(files, path, text, &mut variants);
        }
    }
    variants
}

fn is_workflow(path: &str) -> bool {
    let is_yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    is_yaml && (path.starts_with(".github/workflows/") || path.ends_with("action.yml") || path.ends_with("action.yaml"))
}

/// A variable without value takes the literal's place; a default goes away.
fn terraform(files: &Files, path: &str, text: &str, variants: &mut Vec<Variant>) {
    let Some(body) = parse(text) else { return };
    for literal in literals(&body) {
        let mut changed = files.clone();
        let edit = match literal.position {
            Position::Expression => {
                let folder = parent_of(path);
                let separator = if folder.is_empty() { "" } else { "/" };
                changed.insert(format!("{folder}{separator}zz_hidden.tf"), "variable \"hidden\" {}\n".to_owned());
                Edit::replace(literal.span, "var.hidden")
            }
            Position::Default(attribute) => Edit::replace(attribute, ""),
        };
        let shown = &text[literal.span.range()];
        changed.insert(path.to_owned(), edited(text, vec![edit]));
        variants.push(Variant::new("hide", format!("{shown} in {path} at {}", literal.span.start), changed));
    }
}

/// An expression over a setting of the repository takes the place of a value under `with` or `env`.
fn workflow(files: &Files, path: &str, text: &str, variants: &mut Vec<Variant>) {
    let parsed = yaml::parse(FileId(0), text);
    let mut open: Vec<&Node> = parsed.root.iter().collect();
    while let Some(node) = open.pop() {
        open.extend(node.items());
        for entry in node.entries() {
            open.push(&entry.value);
            if !matches!(&*entry.key, "with" | "env") {
                continue;
            }
            for member in entry.value.entries() {
                let is_scalar = matches!(member.value.kind(), Kind::Text(_) | Kind::Number(_) | Kind::Bool(_));
                let shown = &text[member.value.span.range()];
                // A text of several lines keeps its last line break out of the value; an expression hides enough.
                if !is_scalar || member.value.is_alias() || shown.contains('\n') || shown.contains("${{") {
                    continue;
                }
                let mut changed = files.clone();
                let edit = Edit::replace(member.value.span, "${{ vars.hidden }}");
                changed.insert(path.to_owned(), edited(text, vec![edit]));
                variants.push(Variant::new("hide", format!("{} of {path}: {shown}", member.key), changed));
            }
        }
    }
}

/// An ARG without default takes the place of what stands behind FROM, USER, WORKDIR and EXPOSE.
fn dockerfile(files: &Files, path: &str, text: &str, variants: &mut Vec<Variant>) {
    let mut stages: Vec<String> = Vec::new();
    let mut first_from = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let [instruction, rest @ ..] = &words[..] else { continue };
        let is_from = instruction.eq_ignore_ascii_case("FROM");
        if is_from && first_from.is_none() {
            first_from = Some(start);
        }
        let is_known = ["FROM", "USER", "WORKDIR", "EXPOSE"].iter().any(|it| instruction.eq_ignore_ascii_case(it));
        let value = rest.iter().find(|word| !word.starts_with("--")).copied();
        let is_stage = is_from && value.is_some_and(|value| value == "scratch" || stages.iter().any(|it| it == value));
        if let [.., r#as, name] = rest
            && r#as.eq_ignore_ascii_case("AS")
        {
            stages.push((*name).to_owned());
        }
        let Some(value) = value else { continue };
        if !is_known || is_stage || value.contains('$') || line.trim_end().ends_with('\\') {
            continue;
        }
        let offset = start + line.find(value).unwrap_or(0);
        // Before the first FROM for an image, in its stage for everything else.
        let declared_at = if is_from { first_from.unwrap_or(start) } else { start };
        let edits = vec![
            Edit::insert(declared_at, "ARG HIDDEN\n"),
            Edit { range: offset..offset + value.len(), text: "${HIDDEN}".to_owned() },
        ];
        let mut changed = files.clone();
        changed.insert(path.to_owned(), edited(text, edits));
        variants.push(Variant::new("hide", format!("{value} in {path} at {offset}"), changed));
    }
}
