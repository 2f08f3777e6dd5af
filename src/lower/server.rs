//! The servers that containers start, as far as command lines tell: the program, its address and port, and whether it
//! serves TLS. What a server's own configuration file says is not read.

use super::terraform::script_of;
use crate::eval::shell::{Argument, Command, Nothing, Reached, of_words, run};
use crate::logic::{Reason, Tri};
use crate::model::image::ImageBuild;
use crate::model::workload::{Container, Server};
use crate::model::{Cell, Head, Id, Model, One, Reading, mark};
use crate::source::Span;
use crate::syntax::shell::{Dialect, read};
use crate::value::{Origin, Value};

/// Adds the servers of all containers, once images are linked.
pub(super) fn link(model: &mut Model) {
    let containers: Vec<Id<Container>> = model.workload.containers.ids().collect();
    for id in containers {
        let found = Found::of(model, id);
        for server in found.servers {
            let span = server.head.span;
            let server =
                model.workload.servers.push(Server { container: One::to(id, Origin::written(span)), ..server });
            model[id].servers.push(server, Origin::written(span));
        }
        if let Some(reason) = found.open {
            model[id].servers.open(reason);
        }
    }
}

#[derive(Default)]
struct Found {
    servers: Vec<Server>,
    open: Option<Reason>,
}

/// What stands in a list of words.
enum Words {
    Known(Vec<Value>),
    Absent,
    Unknown(Reason),
}

fn words(cell: &Cell<mark::Texts>) -> Words {
    match cell.get() {
        Reading::Known(list) => match &list.open {
            Some(reason) => Words::Unknown(reason.clone()),
            None => Words::Known(list.items.clone()),
        },
        Reading::Absent => Words::Absent,
        Reading::Unknown(reason) => Words::Unknown(reason),
    }
}

impl Found {
    fn of(model: &Model, id: Id<Container>) -> Found {
        let container = &model[id];
        let place = container.head.span;
        let mut found = Found::default();
        match effective(model, container) {
            Ok(words) => found.line(model, container.image_build.id(), &words, place),
            Err(reason) => found.open = Some(reason),
        }
        found
    }

    /// A line of words: a shell with a script, a script of the tree, or the program itself.
    fn line(&mut self, model: &Model, build: Option<Id<ImageBuild>>, words: &[Value], place: Span) {
        let Some(command) = of_words(words, place) else {
            return self.unknown("no-value", "command", place);
        };
        let is_shell = matches!(command.program(), Some("sh" | "bash" | "dash" | "ash"));
        if is_shell && let Some(at) = command.words.iter().position(|word| word.text() == Some("-c")) {
            let script = command.words.get(at + 1);
            let mapped = script.and_then(|script| script_of(script.value(), &script.value().as_text()?));
            let Some(mapped) = mapped else { return self.unknown("no-value", "command", command.span) };
            let script = read(&mapped, Dialect::PLAIN);
            let run = run(&script, mapped.text(), Dialect::PLAIN, &Nothing);
            run.commands.iter().for_each(|command| self.command(command));
            if let Some(reason) = run.open {
                self.open.get_or_insert(reason);
            }
            return;
        }
        let path = command.words.first().and_then(|word| word.text()).unwrap_or("");
        let is_script = path.ends_with(".sh") || is_shell;
        if !is_script {
            return self.command(&command);
        }
        // The script's own commands are those of the image; what follows its name it usually starts.
        let commands = build
            .into_iter()
            .flat_map(|build| model.image.commands.iter().filter(move |(_, it)| it.image_build.id() == Some(build)));
        let mut is_read = false;
        for (_, entity) in commands.filter(|(_, it)| it.origin.as_str() == Some("script")) {
            is_read = true;
            let program = entity.program.value().clone();
            let arguments = entity.arguments.value().as_list().map(|list| list.items.clone()).unwrap_or_default();
            let words: Vec<Value> = [program].into_iter().chain(arguments).collect();
            if entity.reached.as_str() != Some("unreachable")
                && let Some(command) = of_words(&words, entity.head.span)
            {
                self.command(&command);
            }
        }
        let rest: Vec<Value> =
            command.words.iter().skip(if is_shell { 2 } else { 1 }).map(|word| word.value().clone()).collect();
        if let Some(command) = of_words(&rest, place) {
            self.command(&command);
        }
        if !is_read {
            self.unknown("unread-script", path, command.span);
        }
    }

    fn command(&mut self, command: &Command) {
        if command.reached == Reached::Unreachable {
            return;
        }
        let command = launched(command);
        match Kind::of(&command) {
            Kind::Server(program) => self.servers.push(server(program, &command)),
            Kind::Silent => {}
            Kind::Unread => self.unknown("unread-program", command.program().unwrap_or("a command"), command.span),
        }
    }

    fn unknown(&mut self, code: &'static str, object: &str, place: Span) {
        self.open.get_or_insert(Reason::at(code, object, place));
    }
}

/// What the container runs: its own words over those of the image. An own entry point drops the image's command.
fn effective(model: &Model, container: &Container) -> Result<Vec<Value>, Reason> {
    let build = container.image_build.id();
    let place = container.head.span;
    let own = words(&container.command_line);
    let first = match (words(&container.entry_point), build) {
        (Words::Unknown(reason), _) => return Err(reason),
        (Words::Known(entry), _) => {
            return match own {
                Words::Known(own) => Ok(entry.into_iter().chain(own).collect()),
                Words::Absent => Ok(entry),
                Words::Unknown(reason) => Err(reason),
            };
        }
        (Words::Absent, Some(build)) => match words(&model[build].entrypoint) {
            Words::Known(entry) => entry,
            Words::Absent => Vec::new(),
            Words::Unknown(reason) => return Err(reason),
        },
        // The entry points of published images start the words that they are given.
        (Words::Absent, None) => Vec::new(),
    };
    let rest = match (own, build) {
        (Words::Unknown(reason), _) => return Err(reason),
        (Words::Known(own), _) => own,
        (Words::Absent, Some(build)) => match words(&model[build].command_line) {
            Words::Known(own) => own,
            Words::Absent => Vec::new(),
            Words::Unknown(reason) => return Err(reason),
        },
        (Words::Absent, None) => published(model, container),
    };
    let line: Vec<Value> = first.into_iter().chain(rest).collect();
    match line.is_empty() {
        true => Err(Reason::at("unread-image", container.head.name.clone(), place)),
        false => Ok(line),
    }
}

/// What the image of a store starts by itself.
fn published(model: &Model, container: &Container) -> Vec<Value> {
    let path = container.image.id().and_then(|image| model[image].path.as_str());
    let program = match path.map(|path| path.rsplit('/').next().unwrap_or(path)) {
        Some("redis") => "redis-server",
        Some("valkey") => "valkey-server",
        Some(_) | None => return Vec::new(),
    };
    vec![Value::text(program, container.image_name.origin().clone())]
}

/// `python -m gunicorn`, `poetry run gunicorn`: the program that is started in the end.
fn launched(command: &Command) -> Command {
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
    inner
}

enum Kind {
    Server(Program),
    /// It listens nowhere.
    Silent,
    Unread,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    Gunicorn,
    Uvicorn,
    Hypercorn,
    Daphne,
    Runserver,
    Flask,
    Redis,
}

const SILENT: [&str; 34] = [
    "[",
    "alembic",
    "aws",
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
    "ln",
    "ls",
    "mkdir",
    "mv",
    "nc",
    "openssl",
    "pg_isready",
    "printf",
    "rm",
    "sed",
    "set",
    "sleep",
    "source",
    "test",
    "touch",
    "true",
    "wait",
    "wget",
];

impl Kind {
    fn of(command: &Command) -> Kind {
        let Some(program) = command.program() else { return Kind::Unread };
        match program {
            "gunicorn" => Kind::Server(Program::Gunicorn),
            "uvicorn" => Kind::Server(Program::Uvicorn),
            "hypercorn" => Kind::Server(Program::Hypercorn),
            "daphne" => Kind::Server(Program::Daphne),
            "flask" if command.word(1) == Some("run") => Kind::Server(Program::Flask),
            "flask" => Kind::Silent,
            "redis-server" | "valkey-server" => Kind::Server(Program::Redis),
            program if program.starts_with("python") || matches!(program, "manage.py" | "django-admin") => {
                match command.words.iter().any(|word| word.text() == Some("runserver")) {
                    true => Kind::Server(Program::Runserver),
                    false if is_management(command) => Kind::Silent,
                    false => Kind::Unread,
                }
            }
            program if SILENT.contains(&program) => Kind::Silent,
            _ => Kind::Unread,
        }
    }
}

fn is_management(command: &Command) -> bool {
    let silent = ["migrate", "collectstatic", "check", "createcachetable", "compilemessages"];
    command.words.iter().any(|word| word.text().is_some_and(|word| silent.contains(&word)))
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Program::Gunicorn => "gunicorn",
            Program::Uvicorn => "uvicorn",
            Program::Hypercorn => "hypercorn",
            Program::Daphne => "daphne",
            Program::Runserver => "runserver",
            Program::Flask => "flask",
            Program::Redis => "redis-server",
        }
    }

    /// Options that name address and port at once, the address alone, the port alone.
    fn listens(self) -> [&'static [&'static str]; 3] {
        match self {
            Program::Gunicorn | Program::Hypercorn => [&["-b", "--bind"], &[], &[]],
            Program::Uvicorn => [&[], &["--host"], &["--port"]],
            Program::Daphne => [&[], &["-b", "--bind"], &["-p", "--port"]],
            Program::Runserver => [&[], &[], &[]],
            Program::Flask => [&[], &["-h", "--host"], &["-p", "--port"]],
            Program::Redis => [&[], &["--bind"], &["--tls-port", "--port"]],
        }
    }

    fn defaults(self) -> (&'static str, i64) {
        match self {
            Program::Gunicorn | Program::Uvicorn | Program::Hypercorn | Program::Daphne | Program::Runserver => {
                ("127.0.0.1", 8000)
            }
            Program::Flask => ("127.0.0.1", 5000),
            Program::Redis => ("0.0.0.0", 6379),
        }
    }

    /// Options that switch TLS on, and those that name a file which might.
    fn tls(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Program::Gunicorn | Program::Hypercorn => (&["--certfile"], &["-c", "--config"]),
            Program::Uvicorn => (&["--ssl-certfile", "--ssl-keyfile"], &[]),
            Program::Daphne => (&["-e", "--endpoint"], &[]),
            Program::Runserver | Program::Flask => (&["--cert", "--cert-file"], &[]),
            Program::Redis => (&["--tls-port"], &[]),
        }
    }
}

fn server(program: Program, command: &Command) -> Server {
    let first = |names: &[&str]| command.option(names).into_iter().next();
    let whole = command.words.first().map_or(command.span, |word| word.span);
    let [both, host, port] = program.listens();
    let both = match program {
        Program::Runserver => {
            let behind = command.words.iter().skip_while(|word| word.text() != Some("runserver")).skip(1);
            behind.into_iter().find(|word| !word.text().is_some_and(|word| word.starts_with('-'))).cloned()
        }
        _ => first(both),
    };
    let (host, port) = (first(host), first(port));
    let place = both.as_ref().or(host.as_ref()).or(port.as_ref()).map_or(whole, |argument| argument.span);
    let mut head = Head::new(program.name(), place);
    head.block = command.span;
    let mut server = Server::new(head);
    server.program.set(Value::text(program.name(), Origin::written(whole)));
    let (default_address, default_port) = program.defaults();
    let (mut address, mut number) = (
        Some(Value::text(default_address, Origin::written(whole))),
        Some(Value::number(default_port, Origin::written(whole))),
    );
    if let (None, None, None, Some(hidden)) = (&both, &host, &port, hidden_option(command)) {
        let hole = || Some(unknown("no-value", "command", hidden.span));
        (address, number) = (hole(), hole());
    }
    if let Some(both) = &both {
        (address, number) = split(both.value());
        if program == Program::Runserver && number.is_none() {
            // A port alone.
            (address, number) = (Some(Value::text("127.0.0.1", both.value().origin.clone())), address);
        }
    }
    if let Some(host) = host {
        address = Some(host.value().clone());
    }
    if let Some(port) = port {
        number = Some(port.value().clone());
    }
    if let Some(address) = address {
        server.address.set(address);
    }
    if let Some(number) = number {
        server.port.set(number);
    }
    server.speaks_tls.set(tls(program, command, whole));
    server
}

/// `0.0.0.0:8000`, `[::]:8000`, `:8000`, `8000`; a socket file is neither address nor port.
fn split(bind: &Value) -> (Option<Value>, Option<Value>) {
    let of = |text: &str| Value::text(text, bind.origin.clone());
    let Some(text) = bind.as_text() else { return (Some(bind.clone()), Some(bind.clone())) };
    if text.starts_with("unix:") == Tri::True || text.starts_with("fd:") == Tri::True {
        return (None, None);
    }
    match (text.known(), text.prefix().rsplit_once(':')) {
        (Some(known), Some((address, port))) => {
            let all = if address.is_empty() { "0.0.0.0" } else { address.trim_matches(['[', ']']) };
            debug_assert!(known.ends_with(port));
            (Some(of(all)), Some(of(port)))
        }
        (Some(known), None) => (Some(of(known)), None),
        (None, Some((address, _))) => {
            let hole = text.holes().next().cloned();
            (Some(of(if address.is_empty() { "0.0.0.0" } else { address })), hole)
        }
        (None, None) => {
            let hole = text.holes().next().cloned();
            (hole.clone(), hole)
        }
    }
}

fn tls(program: Program, command: &Command, place: Span) -> Value {
    let (certain, files) = program.tls();
    if let Some(argument) = command.option(certain).into_iter().next() {
        let is_on = program != Program::Daphne || argument.text().is_none_or(|value| value.starts_with("ssl"));
        return Value::bool(is_on, Origin::written(argument.span));
    }
    let hole = hidden_option(command);
    let file = command.option(files).into_iter().next();
    let is_configured = program == Program::Redis && command.word(1).is_some_and(|word| word.ends_with(".conf"));
    match (file, hole) {
        (Some(file), _) => unknown("unread-file", "configuration of the server", file.span),
        (None, Some(hole)) => unknown("no-value", "command", hole.span),
        (None, None) if is_configured => unknown("unread-file", "configuration of the server", place),
        (None, None) => Value::bool(false, Origin::written(place)),
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
