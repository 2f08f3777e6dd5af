//! The edits that rules about workflows name, each for the finding at a place.

use super::TextEdit;
use super::tree::{Member, Step, Tree};
use crate::source::{Span, clean_path};
use crate::syntax::expression::{self, Condition, condition, holes};
use crate::syntax::yaml::{Node, Style};
use crate::syntax::{Kind, Sources};

/// The edit of this name; nothing if there is none, or if it does not fit here.
pub(super) fn named(sources: &Sources<'_>, tree: Tree<'_>, name: &str, place: Span) -> Option<Vec<TextEdit>> {
    let one = |edit: Option<TextEdit>| edit.map(|edit| vec![edit]);
    match name {
        "keep-no-token" => one(set_input(tree, tree.step(place)?, "persist-credentials", "false")),
        "wait-for-service" => one(set_input(tree, tree.step(place)?, "wait-for-service-stability", "true")),
        "switch-wrapper-off" => one(switch_wrapper_off(tree, place)),
        "quote-through-env" => super::quote::through_env(tree, place),
        "grant-id-token" => super::permissions::grant_id_token(tree, place),
        "write-permissions" => super::permissions::write_permissions(tree),
        "move-scope" => super::permissions::move_scope(tree, place),
        "make-guard-count" => make_guard_count(tree, place),
        "remove-entry" => one(tree.remove(place)),
        "quote-value" => one(quote_value(tree, place)),
        "write-to-file" => write_to_file(tree, place),
        "ask-the-author" => ask_the_author(tree, place),
        "fail-in-pipes" => one(tree.insert(tree.step(place)?, "shell", &Member::Scalar("bash".to_owned()))),
        "add-shell" => one(tree.insert(tree.step(place)?, "shell", &Member::Scalar("bash".to_owned()))),
        "limit-job-time" => {
            one(tree.insert(&tree.job(place)?.value, "timeout-minutes", &Member::Scalar("60".to_owned())))
        }
        "add-cooldown" => one(add_cooldown(tree, place)),
        "apply-saved-plan" => one(apply_saved_plan(tree, place)),
        "remove-word" => one(remove_word(tree, place)),
        "list-secrets" => list_secrets(sources, tree, place),
        "take-second-version" => one(take_second_version(tree, place)),
        "say-false" => one(say(tree, place, "true", "false")),
        "say-deny" => one(say(tree, place, "allow", "deny")),
        "use-https" => one(use_https(tree, place)),
        _ => None,
    }
}

/// An input of a step, written or changed.
fn set_input(tree: Tree<'_>, step: &Node, name: &str, value: &str) -> Option<TextEdit> {
    step.get("uses")?;
    let Some(with) = step.entry("with") else {
        return tree.insert(step, "with", &Member::Map(vec![(name.to_owned(), value.to_owned())]));
    };
    match with.value.entries().iter().find(|entry| entry.key.eq_ignore_ascii_case(name)) {
        Some(entry) if !entry.value.is_alias() => Some((entry.value.span, value.to_owned())),
        Some(_) => None,
        None => tree.insert(&with.value, name, &Member::Scalar(value.to_owned())),
    }
}

/// `owner/action@v1`, in the first version that has the fix.
fn take_second_version(tree: Tree<'_>, place: Span) -> Option<TextEdit> {
    let node = tree.path(place).last()?.value();
    let text = node.scalar_text().filter(|_| !node.is_alias())?;
    let (action, version) = text.split_once('@')?;
    let is_first = version == "v1" || version.starts_with("v1.");
    let is_plain = tree.text.get(node.span.range()) == Some(text);
    (is_first && is_plain).then(|| (node.span, format!("{action}@v2")))
}

/// Another word for one that stands there as it is.
fn say(tree: Tree<'_>, place: Span, old: &str, new: &str) -> Option<TextEdit> {
    let node = tree.path(place).last()?.value();
    (node.scalar_text() == Some(old) && !node.is_alias()).then(|| (node.span, new.to_owned()))
}

/// At the step of the job that installs Terraform.
fn switch_wrapper_off(tree: Tree<'_>, place: Span) -> Option<TextEdit> {
    let steps = tree.job(place)?.value.get("steps")?.items();
    let installs = |step: &&Node| {
        let uses = step.get("uses").and_then(Node::scalar_text).unwrap_or("").to_lowercase();
        uses.starts_with("hashicorp/setup-terraform@")
    };
    let mut found = steps.iter().filter(installs);
    let (step, None) = (found.next()?, found.next()) else { return None };
    // Somebody reads what only the wrapper gives.
    let reads_wrapper = tree.text.contains(".outputs.stdout") || tree.text.contains(".outputs.exitcode");
    if reads_wrapper { None } else { set_input(tree, step, "terraform_wrapper", "false") }
}

/// A condition that is a text becomes an expression: a block loses its last newline, several expressions their braces.
fn make_guard_count(tree: Tree<'_>, place: Span) -> Option<Vec<TextEdit>> {
    let Step::Member { entry, .. } = *tree.path(place).last()? else { return None };
    let node = &entry.value;
    let scalar = node.as_scalar().filter(|_| &*entry.key == "if" && !node.is_alias())?;
    let text = scalar.as_str();
    let is_expression = |text: &str| matches!(condition(text), Condition::Expression(Ok(_)));
    if scalar.is_block() && is_expression(text.trim_end()) && text.trim_end().len() < text.len() {
        let start = node.span.start as usize;
        let header = tree.text.get(start..)?.lines().next()?;
        let plain = header.split('#').next()?.trim_end();
        // A header that already says what becomes of the newlines says `+`.
        return match plain {
            "|" | ">" => Some(vec![(Span::new(tree.file, start + 1, start + 1), "-".to_owned())]),
            "|+" | ">+" => Some(vec![(Span::new(tree.file, start + 1, start + 2), "-".to_owned())]),
            _ => None,
        };
    }
    let holes = holes(text);
    let mut bare = text.to_owned();
    let mut edits = Vec::new();
    for hole in holes.iter().rev() {
        let inner = text.get(hole.range.start + 3..hole.range.end - 2)?.trim();
        let operators = inner.contains("&&") || inner.contains("||");
        let inner = if operators && holes.len() > 1 { format!("({inner})") } else { inner.to_owned() };
        bare.replace_range(hole.range.clone(), &inner);
        edits.push((node.span_of(hole.range.clone()), inner));
    }
    let starts_well = scalar.style != Style::Plain || !bare.starts_with(['!', '\'', '"', '[', '{', '&', '*']);
    let stays_plain = scalar.style != Style::Plain || !(bare.contains(": ") || bare.contains(" #"));
    let is_escaped = matches!(scalar.style, Style::Double);
    let fits = starts_well && stays_plain && !is_escaped && expression::parse(&bare, 0..bare.len()).is_ok();
    (fits && !edits.is_empty()).then_some(edits)
}

/// `3.10` is a number that loses its zero; `!cancelled()` a tag.
fn quote_value(tree: Tree<'_>, place: Span) -> Option<TextEdit> {
    let node = tree.path(place).last()?.value();
    if let Some(tag) = &node.tag {
        let end = node.span.end.max(tag.span.end);
        let span = Span { start: tag.span.start.min(node.span.start), end, ..node.span };
        let text = tree.text.get(span.range())?.trim_end();
        let span = Span::new(tree.file, span.start as usize, span.start as usize + text.len());
        return Some((span, super::tree::quoted(text)));
    }
    let text = node.scalar_text().filter(|_| node.as_str().is_none() && !node.is_alias())?;
    Some((node.span, format!("\"{text}\"")))
}

/// `echo "::set-output name=x::y"` becomes `echo "x=y" >> "$GITHUB_OUTPUT"`.
fn write_to_file(tree: Tree<'_>, place: Span) -> Option<Vec<TextEdit>> {
    let run = tree.step(place)?.entry("run")?;
    let scalar = run.value.as_scalar()?;
    if !matches!(scalar.style, Style::Literal | Style::Folded | Style::Plain) {
        return None;
    }
    let word = tree.text.get(place.range())?;
    let (command, file) = if word.contains("::set-output ") {
        ("::set-output name=", "GITHUB_OUTPUT")
    } else {
        ("::save-state name=", "GITHUB_STATE")
    };
    let at = word.find(command)?;
    let rest = word.get(at + command.len()..)?;
    let name_length = rest.find("::")?;
    let name = rest.get(..name_length)?;
    let is_name = !name.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_' || it == b'-');
    // The text must be one quoted word that ends its command.
    let is_word =
        at == 1 && (word.starts_with('"') && word.ends_with('"') || word.starts_with('\'') && word.ends_with('\''));
    let line = tree.text.get(place.end as usize..)?.lines().next().unwrap_or("").trim();
    if !is_name || !is_word || !(line.is_empty() || line.starts_with(';') || line.starts_with("&&")) {
        return None;
    }
    let start = place.start as usize + at;
    let prefix = Span::new(tree.file, start, start + command.len() + name_length + 2);
    let end = Span::new(tree.file, place.end as usize, place.end as usize);
    Some(vec![(prefix, format!("{name}=")), (end, format!(" >> \"${file}\""))])
}

/// The author of a pull request stays; whoever acted last may be anybody.
fn ask_the_author(tree: Tree<'_>, place: Span) -> Option<Vec<TextEdit>> {
    let on = tree.root.entries().iter().find(|entry| matches!(&*entry.key, "on" | "true"))?;
    let is_pull = |event: &str| event.starts_with("pull_request");
    let all_pulls = match (on.value.as_str(), on.value.is_map()) {
        (Some(event), _) => is_pull(event),
        (None, true) => on.value.entries().iter().all(|entry| is_pull(&entry.key)),
        (None, false) => on.value.items().iter().all(|item| item.as_str().is_some_and(is_pull)),
    };
    let Step::Member { entry, .. } = *tree.path(place).last()? else { return None };
    let text = entry.value.as_str().filter(|_| &*entry.key == "if" && !entry.value.is_alias())?;
    if !all_pulls {
        return None;
    }
    let mut edits = Vec::new();
    for name in ["github.triggering_actor", "github.actor", "github.event.sender.login"] {
        for (at, _) in text.match_indices(name) {
            let goes_on =
                text[at + name.len()..].starts_with(|it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '.'));
            if !goes_on {
                let span = entry.value.span_of(at..at + name.len());
                edits.push((span, "github.event.pull_request.user.login".to_owned()));
            }
        }
    }
    (!edits.is_empty()).then_some(edits)
}

/// A week, in the entry of Dependabot around a place.
fn add_cooldown(tree: Tree<'_>, place: Span) -> Option<TextEdit> {
    let path = tree.path(place);
    let at = path.iter().position(|step| matches!(step, Step::Member { entry, .. } if &*entry.key == "updates"))?;
    let Step::Item { node } = path.get(at + 1)? else { return None };
    let week = Member::Map(vec![("default-days".to_owned(), "7".to_owned())]);
    node.entry("cooldown").is_none().then(|| tree.insert(node, "cooldown", &week))?
}

/// `terraform apply -var-file=…` takes the one plan that the job has saved before; variables are refused beside it.
fn apply_saved_plan(tree: Tree<'_>, place: Span) -> Option<TextEdit> {
    const QUOTING: [char; 12] = ['"', '\'', '\\', '$', '`', '|', ';', '&', '<', '>', '\n', '#'];
    let command = tree.text.get(place.range()).filter(|command| !command.contains(QUOTING))?;
    let steps = tree.job(place)?.value.get("steps")?.items();
    let before = steps.iter().filter(|step| step.span.start < place.start);
    let mut plans: Vec<&str> = Vec::new();
    for script in before.filter_map(|step| step.get("run")?.as_str()) {
        let words: Vec<&str> = script.split_whitespace().collect();
        for (index, word) in words.iter().enumerate() {
            let word = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or("");
            match word.strip_prefix("out") {
                Some("") => plans.extend(words.get(index + 1)),
                Some(rest) => plans.extend(rest.strip_prefix('=')),
                None => {}
            }
        }
    }
    plans.dedup();
    let [plan] = plans.as_slice() else { return None };
    let is_plain = plan.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/'));
    let mut kept: Vec<&str> = Vec::new();
    let mut words = command.split(' ');
    while let Some(word) = words.next() {
        let option = word.trim_start_matches('-');
        match option.split_once('=').map_or(option, |(name, _)| name) {
            "var" | "var-file" if option.len() < word.len() => {
                if !option.contains('=') {
                    words.next();
                }
            }
            _ => kept.push(word),
        }
    }
    kept.push(plan);
    is_plain.then(|| (place, kept.join(" ")))
}

/// A word of a script with the blanks before it.
fn remove_word(tree: Tree<'_>, place: Span) -> Option<TextEdit> {
    tree.step(place)?;
    let before = tree.text.get(..place.start as usize)?.trim_end_matches([' ', '\t']).len();
    let is_first = tree.text.get(..before)?.ends_with('\n');
    (!is_first).then(|| (Span::new(tree.file, before, place.end as usize), String::new()))
}

/// What the called workflow of this repository reads, in place of everything.
fn list_secrets(sources: &Sources<'_>, tree: Tree<'_>, place: Span) -> Option<Vec<TextEdit>> {
    let job = tree.job(place)?;
    let inherit = job.value.get("secrets").filter(|node| node.scalar_text() == Some("inherit") && !node.is_alias())?;
    let uses = job.value.get("uses").and_then(Node::scalar_text)?;
    let path = uses.strip_prefix("./").or_else(|| uses.strip_prefix("$/"))?;
    let own = &sources.world.file(tree.file).path;
    let root = own.strip_suffix(own.rsplit('/').next()?)?.trim_end_matches('/').strip_suffix(".github/workflows")?;
    let file = sources.world.find(&clean_path(root, path)?).filter(|file| sources.kind(*file) == Kind::Workflow)?;
    let callee = sources.tree(file).root.as_ref()?;
    let on = callee.entries().iter().find(|entry| matches!(&*entry.key, "on" | "true"))?;
    let declared = on.value.at(&["workflow_call", "secrets"]).map(Node::entries).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    for text in texts(callee) {
        if text.trim() == "inherit" {
            return None;
        }
        let plain = holes(text);
        let parsed: Vec<_> = plain.iter().filter_map(|hole| hole.expression.as_ref().ok()).collect();
        for part in parsed.iter().flat_map(|expression| expression.all()) {
            let Some(path) = part.path().filter(|path| path[0] == "secrets") else { continue };
            match path.as_slice() {
                [_, name] if name != "*" => names.push(name.to_uppercase()),
                // The context itself, as a part of each of its members.
                [_] => {}
                _ => return None,
            }
        }
        // An `if` needs no braces, and an index in brackets may be anything.
        if text.contains("secrets[")
            || (plain.is_empty() && text.contains("secrets."))
            || text.replace(' ', "").contains("(secrets)")
        {
            return None;
        }
    }
    names.retain(|name| name != "GITHUB_TOKEN");
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return None;
    }
    let declares = |name: &&String| declared.iter().any(|entry| entry.key.eq_ignore_ascii_case(name));
    let missing: Vec<&String> = names.iter().filter(|name| !declares(name)).collect();
    let mut edits = Vec::new();
    if !missing.is_empty() {
        let text = sources.world.file(file).text()?;
        edits.push(declare(Tree { file, text, root: callee }, &missing)?);
    }
    let entry = job.value.entry("secrets")?;
    let start = entry.key_span.start as usize;
    let line = tree.text[..start].rfind('\n').map_or(0, |at| at + 1);
    let indent = tree.text.get(line..start).filter(|before| before.trim().is_empty())?;
    let newline = if tree.text.contains("\r\n") { "\r\n" } else { "\n" };
    let listed: String =
        names.iter().map(|name| format!("{newline}{indent}  {name}: ${{{{ secrets.{name} }}}}")).collect();
    edits.push((Span::new(tree.file, entry.key_span.end as usize + 1, inherit.span.end as usize), listed));
    Some(edits)
}

/// Secrets that a called workflow reads must be declared before a caller may pass them by name.
fn declare(tree: Tree<'_>, names: &[&String]) -> Option<TextEdit> {
    let newline = if tree.text.contains("\r\n") { "\r\n" } else { "\n" };
    let on = tree.root.entries().iter().find(|entry| matches!(&*entry.key, "on" | "true"))?;
    let listed = |indent: &str| -> String {
        names.iter().map(|name| format!("{newline}{indent}{name}:{newline}{indent}  required: false")).collect()
    };
    if on.value.scalar_text() == Some("workflow_call") && !on.value.is_alias() {
        let text = format!("{newline}  workflow_call:{newline}    secrets:{}", listed("      "));
        return Some((Span::new(tree.file, on.key_span.end as usize + 1, on.value.span.end as usize), text));
    }
    let call = on.value.entry("workflow_call").filter(|_| !tree.is_flow(&on.value))?;
    let line = tree.text[..call.key_span.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let indent = " ".repeat(call.key_span.start as usize - line);
    if call.value.is_null() {
        let end = call.key_span.end as usize + 1;
        return Some((
            Span::new(tree.file, end, end),
            format!("{newline}{indent}  secrets:{}", listed(&format!("{indent}    "))),
        ));
    }
    let secrets = call.value.entry("secrets");
    match secrets {
        Some(secrets) if secrets.value.is_map() && !tree.is_flow(&secrets.value) => {
            let name = names.first()?;
            let rest = Member::Map(vec![("required".to_owned(), "false".to_owned())]);
            // One at a time: the next round adds the next.
            (names.len() == 1).then(|| tree.insert(&secrets.value, name, &rest))?
        }
        Some(_) => None,
        None if call.value.is_map() && !tree.is_flow(&call.value) => {
            let entries = names.iter().map(|name| ((*name).clone(), "{ required: false }".to_owned())).collect();
            tree.insert(&call.value, "secrets", &Member::Map(entries))
        }
        None => None,
    }
}

/// All texts below a node, aliases once.
fn texts(node: &Node) -> Vec<&str> {
    let (mut found, mut open) = (Vec::new(), vec![node]);
    while let Some(node) = open.pop() {
        found.extend(node.as_str());
        if !node.is_alias() {
            open.extend(node.items());
            open.extend(node.entries().iter().map(|entry| &entry.value));
        }
    }
    found
}

fn use_https(tree: Tree<'_>, place: Span) -> Option<TextEdit> {
    let node = tree.path(place).last()?.value();
    let text = node.as_str().filter(|_| !node.is_alias())?;
    let scheme = ["http://", "git://"].into_iter().find(|scheme| text.starts_with(scheme))?;
    Some((node.span_of(0..scheme.len()), "https://".to_owned()))
}
