//! Servers for development: what serves one developer's machine and must not serve others.

use super::listening::{launched, management};
use crate::eval::shell::Command;
use crate::logic::Reason;
use crate::source::Span;

/// The word that makes a command a server for development. `script` gives the text of a file that the image holds.
pub(super) fn development(command: &Command, script: &dyn Fn(&str) -> Option<String>) -> Result<Option<Span>, Reason> {
    let command = &launched(command);
    let Some(program) = command.program() else { return Ok(None) };
    let words: Vec<&str> = command.words.iter().map(|word| word.text().unwrap_or("")).collect();
    let at = |word: &str| words.iter().position(|it| *it == word).map(|index| command.words[index].span);
    if let Some(verb) = management(&words) {
        return Ok((words.get(verb) == Some(&"runserver")).then(|| command.words[verb].span));
    }
    let found = match program {
        "flask" => at("run"),
        "uvicorn" | "gunicorn" | "hypercorn" => at("--reload"),
        "fastapi" => at("dev"),
        "npm" | "yarn" | "pnpm" | "bun" => at("dev").or_else(|| at("start:dev")),
        "nodemon" | "ts-node-dev" | "air" => Some(command.words[0].span),
        "next" | "vite" | "nuxt" => at("dev"),
        _ => None,
    };
    if found.is_some() || !program.starts_with("python") {
        return Ok(found);
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
    }
}
