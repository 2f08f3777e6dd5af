//! What a command serves: where it listens, and whether it speaks TLS there. Only programs whose options and defaults are
//! known say anything; of any other it is unknown whether it listens. What a server's own configuration file says is not
//! read here.

use crate::eval::shell::{Argument, Command};
use crate::logic::{Reason, Tri};
use crate::source::Span;
use crate::value::{Kind, List, ListFlavour, Origin, Piece, Text, Value};

/// What a command does to the network.
pub(super) enum Conduct {
    /// It ends, or works, and listens nowhere.
    Quiet,
    Serves(Vec<Listening>),
    /// Nobody here knows the program, or what it is told.
    Unread(Reason),
}

/// A server at one address.
pub(super) struct Listening {
    pub(super) program: &'static str,
    /// The words that say where, or the program if none do.
    pub(super) place: Span,
    /// Neither stands for a socket file.
    pub(super) address: Option<Value>,
    pub(super) port: Option<Value>,
    pub(super) speaks_tls: Value,
    /// Whether it takes a proxy's word for the protocol and the address of the client.
    pub(super) believes_proxy: Value,
}

/// Tools that end, workers that nobody calls.
const QUIET: &[&str] = &[
    "[",
    "[[",
    "alembic",
    "aws",
    "awk",
    "bundle",
    "cat",
    "cd",
    "celery",
    "chmod",
    "chown",
    "cp",
    "curl",
    "date",
    "dockerize",
    "echo",
    "envsubst",
    "exit",
    "export",
    "false",
    "find",
    "grep",
    "head",
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
    "tail",
    "test",
    "touch",
    "trap",
    "true",
    "until",
    "wait",
    "wget",
];

/// What `manage.py` does besides serving: each ends.
const QUIET_MANAGEMENT: &[&str] = &[
    "check",
    "collectstatic",
    "compilemessages",
    "createcachetable",
    "createsuperuser",
    "loaddata",
    "makemigrations",
    "migrate",
    "shell",
    "wait_for_db",
];

/// A known server: the options that say where it listens, and where it does without them.
struct Server {
    programs: &'static [&'static str],
    /// What makes the program a server; it is one anyway without such words.
    verbs: &'static [&'static str],
    /// Options that take an address with a port.
    address: &'static [&'static str],
    port: &'static [&'static str],
    host: &'static [&'static str],
    /// Options behind which anything may be decided.
    elsewhere: &'static [&'static str],
    /// Options that switch TLS on.
    tls: &'static [&'static str],
    /// Options that name the proxies whose word counts.
    proxies: &'static [&'static str],
    default_host: &'static str,
    default_port: i64,
}

/// What most entries leave open.
const PLAIN: Server = Server {
    programs: &[],
    verbs: &[],
    address: &[],
    port: &[],
    host: &[],
    elsewhere: &[],
    tls: &[],
    proxies: &[],
    default_host: "127.0.0.1",
    default_port: 8000,
};

const SERVERS: &[Server] = &[
    Server {
        programs: &["gunicorn"],
        address: &["-b", "--bind"],
        elsewhere: &["-c", "--config", "--paste"],
        tls: &["--certfile"],
        proxies: &["--forwarded-allow-ips"],
        ..PLAIN
    },
    Server {
        programs: &["uvicorn"],
        port: &["--port"],
        host: &["--host"],
        elsewhere: &["--uds", "--fd", "--env-file"],
        tls: &["--ssl-certfile", "--ssl-keyfile"],
        proxies: &["--forwarded-allow-ips"],
        ..PLAIN
    },
    Server {
        programs: &["hypercorn"],
        address: &["-b", "--bind"],
        elsewhere: &["-c", "--config", "--insecure-bind", "--quic-bind"],
        tls: &["--certfile"],
        ..PLAIN
    },
    Server {
        programs: &["daphne"],
        port: &["-p", "--port"],
        host: &["-b", "--bind"],
        elsewhere: &["-e", "--endpoint", "-u", "--fd"],
        proxies: &["--proxy-headers"],
        ..PLAIN
    },
    Server {
        programs: &["waitress-serve"],
        address: &["--listen"],
        port: &["--port"],
        host: &["--host"],
        elsewhere: &["--unix-socket"],
        proxies: &["--trusted-proxy"],
        default_host: "0.0.0.0",
        default_port: 8080,
        ..PLAIN
    },
    Server {
        programs: &["flask"],
        verbs: &["run"],
        port: &["-p", "--port"],
        host: &["-h", "--host"],
        tls: &["--cert"],
        default_port: 5000,
        ..PLAIN
    },
    Server {
        programs: &["redis-server", "valkey-server"],
        port: &["--tls-port", "--port"],
        host: &["--bind"],
        tls: &["--tls-port"],
        default_host: "0.0.0.0",
        default_port: 6379,
        ..PLAIN
    },
    Server {
        programs: &["http.server"],
        host: &["-b", "--bind"],
        tls: &["--tls-cert"],
        default_host: "0.0.0.0",
        ..PLAIN
    },
    Server {
        programs: &["fastapi"],
        verbs: &["run"],
        port: &["--port"],
        host: &["--host"],
        default_host: "0.0.0.0",
        ..PLAIN
    },
    Server { programs: &["fastapi"], verbs: &["dev"], port: &["--port"], host: &["--host"], ..PLAIN },
    Server { programs: &["runserver"], tls: &["--cert", "--cert-file"], ..PLAIN },
];

/// The addresses on which a command listens, as `host:port`; open where that is not known.
pub(super) fn listens_on(command: &Command) -> Value {
    let (mut items, mut open) = (Vec::new(), None);
    match conduct(command) {
        Conduct::Quiet => {}
        Conduct::Serves(all) => {
            for it in all {
                // A socket file is no address.
                let (Some(address), Some(port)) = (&it.address, &it.port) else { continue };
                match port.as_text().filter(|port| port.known().is_some()) {
                    Some(_) => items.push(joined(address, port, it.place)),
                    None => open = open.or_else(|| Some(reason_of(port, it.place))),
                }
            }
        }
        Conduct::Unread(reason) => open = Some(reason),
    }
    let list = List { items, flavour: ListFlavour::Tuple, open, is_indexed: true };
    Value::new(Kind::List(std::sync::Arc::new(list)), Origin::written(command.span))
}

/// `host:port`, where the host may be a hole.
fn joined(address: &Value, port: &Value, place: Span) -> Value {
    let origin = Origin::written(place);
    let mut pieces = match address.as_text() {
        Some(text) => text.pieces().to_vec(),
        None => vec![Piece::Hole(Box::new(address.clone()))],
    };
    let port = port.as_text().and_then(|text| text.known().map(str::to_owned)).unwrap_or_default();
    pieces.push(Piece::Literal(format!(":{port}").into(), origin.clone()));
    Value::new(Kind::Text(Text::from_pieces(pieces)), origin)
}

fn reason_of(value: &Value, place: Span) -> Reason {
    let hole = value.as_text().and_then(|text| text.holes().find_map(|hole| hole.reason().cloned()));
    value.reason().cloned().or(hole).unwrap_or_else(|| Reason::at("no-value", "port", place))
}

/// What a command serves, whatever starts it.
pub(super) fn conduct(command: &Command) -> Conduct {
    let unread = |what: &str, place: Span| Conduct::Unread(Reason::at("unsupported", what, place));
    let command = &launched(command);
    let Some(program) = command.program() else { return unread("a command", command.span) };
    let words: Vec<&str> = command.words.iter().map(|word| word.text().unwrap_or("")).collect();
    let shown = format!("where `{program}` listens");
    let name = match management(&words).map(|verb| words.get(verb).copied().unwrap_or("")) {
        Some("runserver") => "runserver",
        Some(verb) if QUIET_MANAGEMENT.contains(&verb) => return Conduct::Quiet,
        Some(_) => return unread(&shown, command.span),
        None => program,
    };
    let mut named = SERVERS.iter().filter(|server| server.programs.contains(&name)).peekable();
    if named.peek().is_none() {
        return if QUIET.contains(&name) { Conduct::Quiet } else { unread(&shown, command.span) };
    }
    let Some(server) = named.find(|it| it.verbs.is_empty() || it.verbs.iter().any(|verb| words.contains(verb))) else {
        return Conduct::Quiet;
    };
    let is_configured =
        server.programs.contains(&"redis-server") && words.get(1).is_some_and(|it| it.ends_with(".conf"));
    let elsewhere = command.options(server.elsewhere).pop();
    if is_configured || (elsewhere.is_some() && command.options(server.address).is_empty()) {
        let place = elsewhere.map_or(command.span, |it| it.span);
        return Conduct::Unread(Reason::at("unread-file", "configuration of the server", place));
    }
    Conduct::Serves(servers(server, program_of(server, name), command, elsewhere.as_ref()))
}

/// How messages call it: the first of its names.
fn program_of(server: &'static Server, name: &str) -> &'static str {
    let first = server.programs.first().copied().unwrap_or("");
    server.programs.iter().copied().find(|it| *it == name && first != "redis-server").unwrap_or(first)
}

fn servers(
    server: &'static Server,
    program: &'static str,
    command: &Command,
    elsewhere: Option<&Argument>,
) -> Vec<Listening> {
    let whole = command.words.first().map_or(command.span, |word| word.span);
    let switch = |options: &[&str]| {
        let said = switched_on(options, command, whole);
        match (elsewhere, bool_of(&said)) {
            (Some(argument), Some(false)) => unknown("unread-file", "configuration of the server", argument.span),
            (_, _) => said,
        }
    };
    let speaks_tls = switch(server.tls);
    let believes_proxy = switch(server.proxies);
    let listening = |place: Span, address: Option<Value>, port: Option<Value>| Listening {
        program,
        place,
        address,
        port,
        speaks_tls: speaks_tls.clone(),
        believes_proxy: believes_proxy.clone(),
    };
    let both = match program {
        "runserver" => runserver_address(command).into_iter().collect(),
        _ => command.options(server.address),
    };
    if !both.is_empty() {
        return both
            .iter()
            .map(|argument| {
                let (mut address, mut port) = split(argument.value());
                if program == "runserver" && is_number(argument) {
                    address = Some(Value::text(server.default_host, argument.value().origin.clone()));
                    port = Some(argument.value().clone());
                }
                listening(argument.span, address, port)
            })
            .collect();
    }
    let host = command.options(server.host).pop();
    let positional = (program == "http.server").then(|| command.words.get(1)).flatten().filter(|it| is_number(it));
    let port = command.options(server.port).pop().or_else(|| positional.cloned());
    let hidden = hidden_option(command);
    let otherwise = |value: Value| match hidden {
        Some(hidden) => unknown("no-value", "command", hidden.span),
        None => value,
    };
    let place = host.as_ref().or(port.as_ref()).map_or(whole, |argument| argument.span);
    let default_host = || otherwise(Value::text(server.default_host, Origin::written(whole)));
    let default_port = || otherwise(Value::number(server.default_port, Origin::written(whole)));
    let address = host.map_or_else(default_host, |host| host.value().clone());
    let port = port.map_or_else(default_port, |port| port.value().clone());
    vec![listening(place, Some(address), Some(port))]
}

fn bool_of(value: &Value) -> Option<bool> {
    if let Kind::Bool(value) = value.kind { Some(value) } else { None }
}

fn is_number(argument: &Argument) -> bool {
    argument.text().is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `runserver 0.0.0.0:8000`
fn runserver_address(command: &Command) -> Option<Argument> {
    let behind = command.words.iter().skip_while(|word| word.text() != Some("runserver")).skip(1);
    behind.into_iter().find(|word| !word.text().is_some_and(|word| word.starts_with('-'))).cloned()
}

/// `0.0.0.0:8000`, `[::]:8000`, `:8000`, `8000`; a socket file is neither address nor port.
fn split(bind: &Value) -> (Option<Value>, Option<Value>) {
    let of = |text: &str| Value::text(text, bind.origin.clone());
    let Some(text) = bind.as_text() else { return (Some(bind.clone()), Some(bind.clone())) };
    if text.starts_with("unix:") == Tri::True || text.starts_with("fd:") == Tri::True {
        return (None, None);
    }
    let all = |address: &str| if address.is_empty() { "0.0.0.0".to_owned() } else { bare(address).to_owned() };
    if let Some(known) = text.known() {
        return match known.rsplit_once(':') {
            Some((address, port)) => (Some(of(&all(address))), Some(of(port))),
            None => (Some(of("0.0.0.0")), Some(of(known))),
        };
    }
    let hole = text.holes().next().cloned();
    let port = text.suffix().rsplit_once(':').map(|(_, port)| port).filter(|port| !port.is_empty());
    let address = text.prefix().rsplit_once(':').map(|(address, _)| all(address));
    (address.map(|address| of(&address)).or_else(|| hole.clone()), port.map(of).or(hole))
}

fn bare(address: &str) -> &str {
    address.trim_matches(['[', ']'])
}

/// Whether one of some options is given.
fn switched_on(options: &[&str], command: &Command, place: Span) -> Value {
    let alone = || command.words.iter().find(|word| word.text().is_some_and(|word| options.contains(&word))).cloned();
    if let Some(argument) = command.options(options).pop().or_else(alone) {
        return Value::bool(true, Origin::written(argument.span));
    }
    match hidden_option(command) {
        Some(hidden) => unknown("no-value", "command", hidden.span),
        None => Value::bool(false, Origin::written(place)),
    }
}

/// A word that may be any option; what stands behind an option is its value.
fn hidden_option(command: &Command) -> Option<&Argument> {
    let is_hole = |value: &Value| value.as_text().is_none_or(|text| text.prefix().is_empty() && text.known().is_none());
    let is_option = |value: &Value| value.as_text().is_some_and(|text| text.prefix().starts_with('-'));
    let found = command.words.windows(2).find(|pair| is_hole(pair[1].value()) && !is_option(pair[0].value()));
    found.map(|pair| &pair[1])
}

fn unknown(code: &'static str, object: &str, place: Span) -> Value {
    Value::unknown(Reason::at(code, object, place), Origin::missing(code, place))
}

/// `python -m gunicorn`, `poetry run gunicorn`: the program that is started in the end.
pub(super) fn launched(command: &Command) -> Command {
    let n_words = match command.program() {
        Some("poetry" | "uv" | "pipenv" | "pdm" | "rye") if command.word(1) == Some("run") => 2,
        Some("bundle") if command.word(1) == Some("exec") => 2,
        Some("newrelic-admin") if command.word(1) == Some("run-program") => 2,
        Some("ddtrace-run" | "opentelemetry-instrument") => 1,
        Some(program) if program.starts_with("python") && command.word(1) == Some("-m") => 2,
        Some(_) | None => return command.clone(),
    };
    let mut inner = command.clone();
    inner.words.drain(..n_words.min(inner.words.len().saturating_sub(1)));
    launched_once_more(inner)
}

/// `poetry run python -m gunicorn`: one wrapper in another, no deeper.
fn launched_once_more(command: Command) -> Command {
    let is_module = command.program().is_some_and(|it| it.starts_with("python")) && command.word(1) == Some("-m");
    match is_module && command.words.len() > 2 {
        true => Command { words: command.words[2..].to_vec(), ..command },
        false => command,
    }
}

/// The index of the verb of `manage.py` or `django-admin`.
pub(super) fn management(words: &[&str]) -> Option<usize> {
    let last = |word: &str| word.rsplit('/').next().unwrap_or("").to_owned();
    let at = words.iter().take(3).position(|word| matches!(&*last(word), "manage.py" | "django-admin" | "django"))?;
    let is_started = at == 0 || last(words[0]).starts_with("python");
    is_started.then_some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::listens_on;
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
        let shown = list.items.iter().filter_map(|it| it.as_text()).map(|text| text.to_string());
        let shown: Vec<String> = shown.chain(list.open.is_some().then(|| "?".to_owned())).collect();
        assert_eq!(shown.join(" "), expected, "{script}");
    }

    #[test]
    fn addresses() {
        check("gunicorn -b 0.0.0.0:8000 app:app", "0.0.0.0:8000");
        check("gunicorn --bind=127.0.0.1:9000 --bind unix:/run/x app:app", "127.0.0.1:9000");
        check("gunicorn app:app", "127.0.0.1:8000");
        check("gunicorn -c conf.py app:app", "?");
        check("gunicorn -b 0.0.0.0:$PORT app:app", "?");
        check("gunicorn -b $HOST:8000 app:app", "${HOST}:8000");
        check("gunicorn --workers $N app:app", "127.0.0.1:8000");
        check("gunicorn $OPTIONS app:app", "?");
        check("gunicorn -b 9000 app:app", "0.0.0.0:9000");
        check("gunicorn -b [::]:9000 app:app", ":::9000");
        check("python -m uvicorn app:app --host 0.0.0.0 --port 80", "0.0.0.0:80");
        check("poetry run python -m uvicorn app:app", "127.0.0.1:8000");
        check("flask run --host=0.0.0.0", "0.0.0.0:5000");
        check("flask db upgrade", "");
        check("fastapi dev", "127.0.0.1:8000");
        check("fastapi run", "0.0.0.0:8000");
        check("python -m http.server 9000", "0.0.0.0:9000");
        check("valkey-server --port 6380", "0.0.0.0:6380");
        check("redis-server /etc/redis.conf", "?");
        check("python manage.py runserver 0.0.0.0:8080", "0.0.0.0:8080");
        check("django-admin runserver 8080", "127.0.0.1:8080");
        check("python manage.py migrate", "");
        check("python manage.py send_mails", "?");
        check("celery -A app worker", "");
        check("java -jar app.jar", "?");
    }
}
