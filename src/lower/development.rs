//! Servers for development: what serves one developer's machine and must not serve others.

use std::cell::Cell;

use super::listening::{launched, management};
use crate::eval::shell::{Argument, Command};
use crate::logic::{Reason, Tri};
use crate::source::Span;

/// The word that makes a command a server for development. `script` gives the text of a file that the image holds.
pub(super) fn development(command: &Command, script: &dyn Fn(&str) -> Option<String>) -> Result<Option<Span>, Reason> {
    let command = &launched(command);
    let hidden = |index: usize| command.words.get(index).filter(|word| word.text().is_none());
    let unread = |word: &Argument| Err(Reason::at("no-value", "a word of the command", word.span));
    let Some(program) = command.program() else { return hidden(0).map_or(Ok(None), unread) };
    let words: Vec<&str> = command.words.iter().map(|word| word.text().unwrap_or("")).collect();
    if let Some(verb) = management(&words) {
        return match hidden(verb) {
            Some(word) => unread(word),
            None => Ok((words.get(verb) == Some(&"runserver")).then(|| command.words[verb].span)),
        };
    }
    let maybe = Cell::new(None);
    let at = |word: &str| {
        // What stands behind a flag is its value.
        let may_be = |index: usize| !words[index - 1].starts_with('-') && may_be(&command.words[index], word);
        maybe.set(maybe.get().or_else(|| (1..words.len()).find(|index| may_be(*index))));
        words.iter().position(|it| *it == word).map(|index| command.words[index].span)
    };
    let found = match program {
        "flask" => at("run"),
        "uvicorn" | "gunicorn" | "hypercorn" => at("--reload"),
        "fastapi" => at("dev"),
        "npm" | "yarn" | "pnpm" | "bun" => at("dev").or_else(|| at("start:dev")),
        "nodemon" | "ts-node-dev" | "air" => Some(command.words[0].span),
        "next" | "vite" | "nuxt" => at("dev"),
        _ => None,
    };
    if let (None, Some(index)) = (found, maybe.get()) {
        return unread(&command.words[index]);
    }
    if found.is_some() || !program.starts_with("python") {
        return Ok(found);
    }
    if let Some(word) = hidden(1).or_else(|| hidden(2).filter(|_| words[1] == "-m")) {
        return unread(word);
    }
    let Some(file) = command.words.get(1).filter(|word| word.text().is_some_and(|it| it.ends_with(".py"))) else {
        return Ok(None);
    };
    let path = file.text().unwrap_or("");
    match script(path) {
        // A call at the beginning of a statement; what stands in a comment or a text does not begin one.
        Some(text) => {
            let calls = text.lines().any(|line| {
                let line = line.trim_start();
                line.split_once(".run(").is_some_and(|(object, _)| {
                    matches!(object, "app" | "application" | "server" | "flask_app" | "socketio")
                })
            });
            Ok(calls.then_some(file.span))
        }
        None => Err(Reason::at("file-not-found", path, file.span)),
    }
}

/// Whether a word that is hidden can be this one.
fn may_be(word: &Argument, asked: &str) -> bool {
    word.text().is_none() && word.operand.value.as_text().is_none_or(|text| text.equals_str(asked) != Tri::False)
}

#[cfg(test)]
mod tests {
    use super::development;
    use crate::eval::shell::{Nothing, run};
    use crate::source::{FileId, MappedText};
    use crate::syntax::shell::{Dialect, read};

    #[test]
    fn servers_for_development() {
        let check = |script: &str, file: Option<&str>, expected: Option<bool>| {
            let mapped = MappedText::part(FileId(0), script, 0..script.len());
            let ran = run(&read(&mapped, Dialect::PLAIN), script, Dialect::PLAIN, &Nothing);
            let found = development(&ran.commands[0], &|_| file.map(str::to_owned));
            assert_eq!(found.ok().map(|it| it.is_some()), expected, "{script}");
        };
        check("python manage.py runserver", None, Some(true));
        check("django-admin runserver", None, Some(true));
        check("poetry run uvicorn app:app --reload", None, Some(true));
        check("gunicorn app:app", None, Some(false));
        check("npm run dev", None, Some(true));
        check("npm start", None, Some(false));
        check("python app.py", Some("if x:\n    app.run(host='0.0.0.0')"), Some(true));
        check("python app.py", Some("# app.run()"), Some(false));
        check("python app.py", None, None);
        check("python manage.py \"$VERB\"", None, None);
        check("uvicorn app:app --port $PORT", None, Some(false));
        check("uvicorn app:app $FLAGS", None, None);
        check("celery worker $FLAGS", None, Some(false));
    }
}
