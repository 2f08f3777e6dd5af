//! Where a command listens, and whether it is a server for development. Only programs whose options and defaults are
//! known say anything; of any other it is unknown whether it listens.

use crate::eval::shell::{Argument, Command};
use crate::logic::Reason;
use crate::source::Span;
use crate::value::{List, ListFlavour, Origin, Text, Value};

/// Tools that end, and that listen nowhere.
const QUIET: [&str; 44] = [
    "[",
    "awk",
    "aws",
    "bundle",
    "cat",
    "cd",
    "celery",
    "chmod",
    "chown",
    "cp",
    "curl",
    "date",
    "echo",
    "envsubst",
    "exit",
    "export",
    "false",
    "grep",
    "jq",
    "ln",
    "ls",
    "mkdir",
    "mv",
    "nc",
    "openssl",
    "pg_isready",
    "pip",
    "printf",
    "psql",
    "read",
    "rm",
    "sed",
    "set",
    "shift",
    "sleep",
    "source",
    "test",
    "touch",
    "trap",
    "true",
    "until",
    "wait",
    "wget",
    "[[",
];

/// What `manage.py` does besides serving: each ends.
const QUIET_MANAGEMENT: [&str; 9] = [
    "check",
    "collectstatic",
    "compilemessages",
    "createsuperuser",
    "loaddata",
    "makemigrations",
    "migrate",
    "shell",
    "wait_for_db",
];

/// A known server: the options that say where it listens, and where it does without them.
struct Server {
    program: &'static str,
    /// Options that take an address with a port.
    address: &'static [&'static str],
    port: &'static [&'static str],
    host: &'static [&'static str],
    /// Options behind which anything may be decided.
    elsewhere: &'static [&'static str],
    default_host: &'static str,
    default_port: &'static str,
}

const SERVERS: [Server; 9] = [
    Server {
        program: "gunicorn",
        address: &["-b", "--bind"],
        port: &[],
        host: &[],
        elsewhere: &["-c", "--config", "--paste"],
        default_host: "127.0.0.1",
        default_port: "8000",
    },
    Server {
        program: "uvicorn",
        address: &[],
        port: &["--port"],
        host: &["--host"],
        elsewhere: &["--uds", "--fd", "--env-file"],
        default_host: "127.0.0.1",
        default_port: "8000",
    },
    Server {
        program: "hypercorn",
        address: &["-b", "--bind"],
        port: &[],
        host: &[],
        elsewhere: &["-c", "--config", "--insecure-bind", "--quic-bind"],
        default_host: "127.0.0.1",
        default_port: "8000",
    },
    Server {
        program: "daphne",
        address: &[],
        port: &["-p", "--port"],
        host: &["-b", "--bind"],
        elsewhere: &["-e", "--endpoint", "-u", "--fd"],
        default_host: "127.0.0.1",
        default_port: "8000",
    },
    Server {
        program: "waitress-serve",
        address: &["--listen"],
        port: &["--port"],
        host: &["--host"],
        elsewhere: &["--unix-socket"],
        default_host: "0.0.0.0",
        default_port: "8080",
    },
    Server {
        program: "flask",
        address: &[],
        port: &["-p", "--port"],
        host: &["-h", "--host"],
        elsewhere: &[],
        default_host: "127.0.0.1",
        default_port: "5000",
    },
    Server {
        program: "redis-server",
        address: &[],
        port: &["--port", "--tls-port"],
        host: &["--bind"],
        elsewhere: &[],
        default_host: "0.0.0.0",
        default_port: "6379",
    },
    Server {
        program: "http.server",
        address: &[],
        port: &[],
        host: &["-b", "--bind"],
        elsewhere: &[],
        default_host: "0.0.0.0",
        default_port: "8000",
    },
    Server {
        program: "fastapi",
        address: &[],
        port: &["--port"],
        host: &["--host"],
        elsewhere: &[],
        default_host: "0.0.0.0",
        default_port: "8000",
    },
];

/// The addresses on which a command listens, as `host:port`; open where that is not known.
pub(super) fn listens_on(command: &Command) -> Value {
    let (items, open) = match addresses(command) {
        Ok(items) => (items, None),
        Err(object) => (Vec::new(), Some(Reason::at("unsupported", object, command.span))),
    };
    let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
    Value::new(crate::value::Kind::List(std::sync::Arc::new(list)), Origin::written(command.span))
}

fn addresses(command: &Command) -> Result<Vec<Value>, String> {
    let Some(program) = command.program() else { return Err("a command".to_owned()) };
    let shown = || format!("where `{program}` listens");
    if QUIET.contains(&program) {
        return Ok(Vec::new());
    }
    let words: Vec<&str> = command.words.iter().map(|word| word.text().unwrap_or("")).collect();
    if let Some(verb) = management(&words) {
        return match words.get(verb) {
            Some(&"runserver") => Ok(vec![of_runserver(command, verb)]),
            Some(word) if QUIET_MANAGEMENT.contains(word) => Ok(Vec::new()),
            Some(_) | None => Err(shown()),
        };
    }
    let name =
        if is_python(program) && words.get(1) == Some(&"-m") { words.get(2).copied().unwrap_or("") } else { program };
    let Some(server) = SERVERS.iter().find(|server| server.program == name) else { return Err(shown()) };
    let serves = match name {
        "flask" => words.contains(&"run"),
        "fastapi" => words.contains(&"run") || words.contains(&"dev"),
        _ => true,
    };
    if !serves {
        return Ok(Vec::new());
    }
    if !command.options(server.elsewhere).is_empty() {
        return Err(shown());
    }
    let given = command.options(server.address);
    if !given.is_empty() {
        return given
            .iter()
            .filter(|it| !is_socket(it))
            .map(|it| known(it.value(), it.span).ok_or_else(shown))
            .collect();
    }
    // An argument that nobody knows may be any option.
    let is_hidden = |it: &Argument| {
        it.operand.value.as_text().is_none_or(|text| text.prefix().is_empty() && text.known().is_none())
    };
    if command.arguments().iter().any(|it| is_hidden(it) && !it.is_quoted) {
        return Err(shown());
    }
    let host = command.options(server.host).pop();
    let host = host.as_ref().map_or(Some(server.default_host), |host| host.text()).ok_or_else(shown)?;
    let positional = (name == "http.server").then(|| command.words.get(3)).flatten().filter(|it| is_number(it));
    let port = command.options(server.port).pop().or_else(|| positional.cloned());
    match port {
        Some(port) => {
            let number = port.text().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit())).ok_or_else(shown)?;
            Ok(vec![Value::text(format!("{host}:{number}"), Origin::written(port.span))])
        }
        None => {
            let place = command.words.first().map_or(command.span, |word| word.span);
            Ok(vec![Value::text(format!("{host}:{}", server.default_port), Origin::written(place))])
        }
    }
}

fn is_python(program: &str) -> bool {
    program.starts_with("python")
}

fn is_number(argument: &Argument) -> bool {
    argument.text().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_socket(argument: &Argument) -> bool {
    argument.operand.value.as_text().is_some_and(|text| text.prefix().starts_with("unix:"))
}

/// `0.0.0.0:8000`, `:8000`, `8000`; nothing where the port has a hole.
fn known(value: &Value, span: Span) -> Option<Value> {
    let text = value.as_text()?;
    let port = suffix_behind_colon(&text)?;
    let host = text.prefix().rsplit_once(':').map_or("", |(host, _)| host);
    let is_bare = text.known().is_some_and(|known| !known.contains(':'));
    let host = if is_bare || host.is_empty() { "0.0.0.0" } else { host };
    Some(Value::text(format!("{host}:{port}"), Origin::written(span)))
}

fn suffix_behind_colon(text: &Text) -> Option<String> {
    let suffix = text.suffix();
    let port = match text.known() {
        Some(known) => known.rsplit(':').next().unwrap_or(known),
        None => suffix.rsplit_once(':').map(|(_, port)| port)?,
    };
    (!port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())).then(|| port.to_owned())
}

/// The index of the verb of `manage.py`.
fn management(words: &[&str]) -> Option<usize> {
    let at = words.iter().take(3).position(|word| word.rsplit('/').next() == Some("manage.py"))?;
    let is_started = at == 0 || is_python(words[0].rsplit('/').next().unwrap_or(""));
    is_started.then_some(at + 1)
}

fn of_runserver(command: &Command, verb: usize) -> Value {
    let place = command.words[verb].span;
    let given = command.words[verb + 1..].iter().find(|word| word.text().is_some_and(|it| !it.starts_with('-')));
    let address = given.and_then(|it| known(it.value(), it.span));
    match (given.and_then(|it| it.text()), address) {
        (Some(text), Some(_)) if !text.contains(':') => {
            Value::text(format!("127.0.0.1:{text}"), Origin::written(place))
        }
        (_, Some(address)) => address,
        (_, None) => Value::text("127.0.0.1:8000", Origin::written(place)),
    }
}

/// The word that makes a command a server for development. `script` gives the text of a file that the image holds.
pub(super) fn development(command: &Command, script: &dyn Fn(&str) -> Option<String>) -> Result<Option<Span>, Reason> {
    let Some(program) = command.program() else { return Ok(None) };
    let words: Vec<&str> = command.words.iter().map(|word| word.text().unwrap_or("")).collect();
    let at = |word: &str| words.iter().position(|it| *it == word).map(|index| command.words[index].span);
    if let Some(verb) = management(&words) {
        return Ok((words.get(verb) == Some(&"runserver")).then(|| command.words[verb].span));
    }
    let name =
        if is_python(program) && words.get(1) == Some(&"-m") { words.get(2).copied().unwrap_or("") } else { program };
    let found = match name {
        "flask" => at("run"),
        "uvicorn" | "gunicorn" | "hypercorn" => at("--reload"),
        "fastapi" => at("dev"),
        "npm" | "yarn" | "pnpm" | "bun" => at("dev").or_else(|| at("start:dev")),
        "nodemon" | "ts-node-dev" | "air" => Some(command.words[0].span),
        "next" | "vite" | "nuxt" => at("dev"),
        "django-admin" => at("runserver"),
        _ => None,
    };
    if found.is_some() || !is_python(program) {
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
    use super::{development, listens_on};
    use crate::eval::shell::{Nothing, run};
    use crate::source::{FileId, MappedText};
    use crate::syntax::shell::{Dialect, read};

    /// Addresses separated by blanks; `?` where it is not known.
    fn check(script: &str, expected: &str) {
        let mapped = MappedText::part(FileId(0), script, 0..script.len());
        let ran = run(&read(&mapped, Dialect::PLAIN), script, Dialect::PLAIN, &Nothing);
        let command = ran.commands.last().expect("a command");
        let value = listens_on(command);
        let list = value.as_list().expect("a list");
        let mut shown: Vec<&str> = list.items.iter().filter_map(|it| it.as_str()).collect();
        shown.extend(list.open.is_some().then_some("?"));
        assert_eq!(shown.join(" "), expected, "{script}");
    }

    #[test]
    fn addresses() {
        check("gunicorn -b 0.0.0.0:8000 app:app", "0.0.0.0:8000");
        check("gunicorn --bind=127.0.0.1:9000 --bind unix:/run/x app:app", "127.0.0.1:9000");
        check("gunicorn app:app", "127.0.0.1:8000");
        check("gunicorn -c conf.py app:app", "?");
        check("gunicorn -b 0.0.0.0:$PORT app:app", "?");
        check("gunicorn -b $HOST:8000 app:app", "0.0.0.0:8000");
        check("python -m uvicorn app:app --host 0.0.0.0 --port 80", "0.0.0.0:80");
        check("flask run --host=0.0.0.0", "0.0.0.0:5000");
        check("python manage.py runserver 0.0.0.0:8080", "0.0.0.0:8080");
        check("python manage.py migrate", "");
        check("celery -A app worker", "");
        check("java -jar app.jar", "?");
    }

    #[test]
    fn servers_for_development() {
        let check = |script: &str, file: Option<&str>, expected: Option<bool>| {
            let mapped = MappedText::part(FileId(0), script, 0..script.len());
            let ran = run(&read(&mapped, Dialect::PLAIN), script, Dialect::PLAIN, &Nothing);
            let found = development(&ran.commands[0], &|_| file.map(str::to_owned));
            assert_eq!(found.ok().map(|it| it.is_some()), expected, "{script}");
        };
        check("python manage.py runserver", None, Some(true));
        check("uvicorn app:app --reload", None, Some(true));
        check("gunicorn app:app", None, Some(false));
        check("npm run dev", None, Some(true));
        check("npm start", None, Some(false));
        check("python app.py", Some("if x:\n    app.run(host='0.0.0.0')"), Some(true));
        check("python app.py", Some("# app.run()"), Some(false));
        check("python app.py", None, None);
    }
}
