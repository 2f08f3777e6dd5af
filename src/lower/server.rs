//! The servers that containers start: which lines of words are theirs. What each line serves, `listening` says.

use super::listening::{Conduct, Listening, conduct};
use super::terraform::script_of;
use crate::eval::shell::{Command, Nothing, Reached, of_words, run};
use crate::logic::Reason;
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
        match conduct(command) {
            Conduct::Serves(all) => self.servers.extend(all.into_iter().map(|it| server(it, command))),
            Conduct::Quiet => {}
            Conduct::Unread(reason) => {
                self.open.get_or_insert(reason);
            }
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

fn server(listening: Listening, command: &Command) -> Server {
    let whole = command.words.first().map_or(command.span, |word| word.span);
    let mut head = Head::new(listening.program, listening.place);
    head.block = command.span;
    let mut server = Server::new(head);
    server.program.set(Value::text(listening.program, Origin::written(whole)));
    if let Some(address) = listening.address {
        server.address.set(address);
    }
    if let Some(port) = listening.port {
        server.port.set(port);
    }
    server.speaks_tls.set(listening.speaks_tls);
    server.believes_proxy.set(listening.believes_proxy);
    server
}
